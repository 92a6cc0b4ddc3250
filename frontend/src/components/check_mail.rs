//! [`CheckMail`]: a mail is on its way.

use std::time::Duration;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
};
use shared::{magic_link, reset_password, verify_email};

use super::{Drawing, ErrorMessage, Heading, Icon, use_return_to, use_way_in};
use crate::{Error, News, Submission, api, browser};

/// How long to wait before the mail can be asked for again, in seconds.
const RESEND_AFTER_SECONDS: u32 = 30;

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
    email: String,
    /// Goes back to the form.
    on_wrong_address: Callback<()>,
) -> impl IntoView {
    let news = expect_context::<News>();
    let form = Submission::new(&[]);
    let left = RwSignal::new(0_u32);
    let deadline_ms = StoredValue::new(0.0);
    let start_countdown = move || {
        deadline_ms.set_value(browser::now_ms() + f64::from(RESEND_AFTER_SECONDS) * 1000.0);
        left.set(RESEND_AFTER_SECONDS);
    };
    let return_to = use_return_to();
    Effect::new(move |_| {
        if let Some(return_to) = return_to.get_untracked() {
            browser::remember_return_to(&return_to);
        }
        start_countdown();
        let tick = move || left.set(seconds_until(deadline_ms.get_value(), browser::now_ms()));
        if let Ok(ticking) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || ticking.clear());
        }
    });

    let address = StoredValue::new(email.clone());
    let action = use_way_in(mail.page());
    let resend = move |()| {
        if left.get_untracked() > 0 {
            return;
        }
        form.send(async move {
            let email = address.get_value();
            mail.send(email.clone()).await?;
            start_countdown();
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
        on_wrong_address.run(());
    };
    let hidden = email.clone();
    let resend_label = move || match left.get() {
        0 => "Send it again".to_owned(),
        seconds => format!("Send it again in {seconds} s"),
    };
    let (before, after) = match mail {
        Mail::VerifyEmail => ("We sent a link to ", ". Open it to finish signing up."),
        Mail::MagicLink => ("If ", " has an account, a link to sign in is on its way there."),
        Mail::ResetPassword => (
            "If ",
            " has an account, a link to choose a new password is on its way there.",
        ),
    };

    view! {
        <section class="card">
            <p class="seal">
                <Icon drawing=Drawing::Mail />
            </p>
            <Heading title="Check your mail">"Check your mail"</Heading>
            <p>{before} <strong class="address">{email}</strong> {after}</p>
            <p class="muted">
                "Nothing there after a minute or two? Look into the spam folder, or send it again. "
                "Only the newest link works."
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
                    <a class="link" href=action on:click=wrong_address>
                        "Wrong address?"
                    </a>
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
