//! [`CheckMail`]: a mail is on its way.

use std::time::Duration;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
};
use shared::{magic_link, reset_password, verify_email};

use super::{
    Drawing, ErrorMessage, Heading, Icon, Mailed, Sent, mailed::AGAIN_AFTER_MS, use_return_to, use_way_in,
};
use crate::{CurrentUser, Error, News, Submission, api, browser, words};

/// A mail that a form asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// The link that proves the address of a new account.
    VerifyEmail,
    /// The link that signs in.
    MagicLink,
    /// The link that allows a new password.
    ResetPassword,
}

impl Mail {
    /// The page whose form asks for the mail.
    pub fn page(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/verify-email",
            Self::MagicLink => "/magic-link",
            Self::ResetPassword => "/forgot-password",
        }
    }

    /// What stands before and behind the address that it went to; whether that is the visitor's own
    /// is known only of who is signed in.
    fn told(self, is_own: bool) -> (&'static str, &'static str) {
        match self {
            Mail::VerifyEmail => ("We sent a link to ", ". Open it to finish signing up."),
            Mail::ResetPassword if is_own => ("We sent a link to ", ". Open it to choose a new password."),
            Mail::MagicLink => ("If ", " has an account, a link to sign in is on its way there."),
            Mail::ResetPassword => (
                "If ",
                " has an account, a link to choose a new password is on its way there.",
            ),
        }
    }

    /// Asks for the mail.
    ///
    /// # Errors
    /// A refused address, too many tries, or no answer.
    pub async fn send(self, email: String) -> Result<(), Error> {
        match self {
            Self::VerifyEmail => api::verify_email(verify_email::Form { email }).await.map(drop),
            Self::MagicLink => api::magic_link(magic_link::Form { email }).await.map(drop),
            Self::ResetPassword => api::send_reset(reset_password::Form { email }).await.map(drop),
        }
    }
}

/// Where the mail went and what to do when it does not arrive. Shown right after a first send.
#[component]
pub fn CheckMail(
    /// Which mail.
    mail: Mail,
    /// Where it went.
    sent: Sent,
    /// Whose page this is.
    mailed: Mailed,
) -> impl IntoView {
    let Sent {
        to: email,
        again_at_ms,
    } = sent;
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let form = Submission::new(&[]);
    let left = RwSignal::new(0_u32);
    let deadline_ms = StoredValue::new(0.0);
    let look = move || {
        // The page may be left.
        if let Some(deadline_ms) = deadline_ms.try_get_value() {
            left.set(seconds_until(deadline_ms, browser::now_ms()));
        }
    };
    let return_to = use_return_to();
    Effect::new(move |_| {
        if let Some(return_to) = return_to.get_untracked() {
            browser::remember_return_to(&return_to);
        }
        deadline_ms.set_value(again_at_ms.unwrap_or_else(|| browser::now_ms() + AGAIN_AFTER_MS));
        look();
        if let Ok(ticking) = set_interval_with_handle(look, Duration::from_secs(1)) {
            on_cleanup(move || ticking.clear());
        }
    });

    let address = StoredValue::new(email.clone());
    let action = use_way_in(mail.page());
    let resend = move |()| {
        let left = left.get_untracked();
        if left > 0 {
            return news.tell(format!(
                "It is on its way. You can send it again in {}.",
                words::wait(left)
            ));
        }
        let email = address.get_value();
        form.send(async move {
            mail.send(email.clone()).await?;
            deadline_ms.try_set_value(mailed.note(&email).again_at_ms.unwrap_or_default());
            look();
            news.tell(format!("Sent again to {email}."));
            Ok(())
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        resend(());
    };
    let wrong_address = move |event: MouseEvent| {
        event.prevent_default();
        mailed.forget();
    };
    let hidden = email.clone();
    let is_own = untrack(|| current_user.user().is_some_and(|user| user.email == email));
    let resend_label = move || match left.get() {
        0 => "Send it again".to_owned(),
        seconds => format!("Send it again in {seconds} s"),
    };
    let (before, after) = mail.told(is_own);

    view! {
        <section class="card">
            <p class="seal">
                <Icon drawing=Drawing::Mail />
            </p>
            <Heading title="Check your mail">"Check your mail"</Heading>
            <p>{before} <strong class="address">{email}</strong> {after}</p>
            <p class="muted">
                "Nothing there after a minute or two? Look into the spam folder, or send it again. "
                "Each of the links works, until one is used."
            </p>
            <ErrorMessage error=form.failure() on_retry=Callback::new(move |()| resend(())) />
            <form method="post" action=action on:submit=submit>
                <input type="hidden" name="email" value=hidden />
                <div class="actions">
                    <button
                        type="submit"
                        class="button quiet"
                        aria-busy=form.busy()
                        aria-disabled=move || (left.get() > 0).to_string()
                    >
                        {resend_label}
                    </button>
                    {(!is_own).then(|| {
                        view! {
                            <a class="link" href=action on:click=wrong_address>
                                "Wrong address?"
                            </a>
                        }
                    })}
                </div>
            </form>
        </section>
    }
}

/// Whole seconds from `now_ms` until `deadline_ms`, rounded up, never below 0.
fn seconds_until(deadline_ms: f64, now_ms: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates: negative waits are 0"
    )]
    let seconds = ((deadline_ms - now_ms) / 1000.0).ceil() as u32;
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_countdown_ends_at_zero_and_not_before_the_deadline() {
        assert_eq!(seconds_until(30_000.0, 0.0), 30);
        assert_eq!(seconds_until(30_000.0, 29_999.0), 1);
        assert_eq!(seconds_until(30_000.0, 30_000.0), 0);
        assert_eq!(seconds_until(30_000.0, 99_000.0), 0);
    }
}
