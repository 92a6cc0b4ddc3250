//! [`ChangeEmail`]: moves the account to another address.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    prelude::*,
};
use shared::{change_email, text::lower_case};

use super::{AccountName, ErrorMessage, ErrorSummary, Field, PasswordField, SubmitButton, email_problem};
use crate::{CurrentUser, News, Submission, api, browser};

const TITLE: &str = "email-address";
const OPENER: &str = "change-email";

/// A change that waits for its mail.
#[derive(Clone)]
struct Waiting {
    to: String,
    /// Another Altogic neither tells of the change nor ends it.
    can_cancel: bool,
}

/// The address, the change that waits with a button to cancel it, or the form for one.
#[component]
pub fn ChangeEmail(
    /// The form's state, with the fields `new_email` and `password`.
    form: Submission,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let email = Memo::new(move |_| current_user.user().map(|user| user.email).unwrap_or_default());
    let editing = RwSignal::new(false);
    let waiting = RwSignal::new(None::<Waiting>);
    let question = Submission::new(&[]);

    let ask = move |asked_for: Option<String>| {
        question.send(async move {
            let known = current_user.call(api::waiting_email).await?.new_email;
            if let Some(to) = &known
                && asked_for.is_some()
            {
                news.tell(format!("We sent a link to {to}."));
            }
            let mut now = known.map(|to| Waiting { to, can_cancel: true });
            if let (None, Some(to)) = (&now, asked_for) {
                // Where addresses are not verified, the account has moved already.
                let user = current_user.call(api::profile).await?.user;
                if user.email == to {
                    news.tell("Your email address is changed.");
                } else {
                    now = Some(Waiting {
                        to,
                        can_cancel: false,
                    });
                }
                current_user.set(user);
            }
            waiting.set(now);
            Ok(())
        });
    };
    // The link in the mail may be opened in another tab.
    Effect::new(move |_| {
        if !email.read().is_empty() {
            ask(None);
        }
    });

    let open = move |_| {
        form.clear();
        editing.set(true);
        browser::focus_soon("new_email");
    };
    let asked = Callback::new(move |to| {
        editing.set(false);
        browser::focus_soon(TITLE);
        ask(Some(to));
    });
    let close = Callback::new(move |()| {
        editing.set(false);
        form.clear();
        browser::focus_soon(OPENER);
    });
    let cancel = Callback::new(move |()| {
        question.send(async move {
            current_user.call(api::cancel_email_change).await?;
            waiting.set(None);
            if question.is_there() {
                browser::focus_soon(OPENER);
            }
            news.tell("The change of address is cancelled.");
            Ok(())
        });
    });

    let body = move || match (editing.get(), waiting.get()) {
        (true, _) => view! { <ChangeForm form email on_asked=asked on_cancel=close /> }.into_any(),
        (false, Some(waiting)) => view! { <WaitingChange waiting question on_cancel=cancel /> }.into_any(),
        (false, None) => view! {
            <button type="button" class="link" id=OPENER on:click=open>
                "Change address"
            </button>
        }
        .into_any(),
    };

    view! {
        <section class="card" aria-labelledby=TITLE>
            <h2 id=TITLE tabindex="-1">
                "Email address"
            </h2>
            <p class="address">{email}</p>
            <ErrorMessage error=question.failure() on_retry=Callback::new(move |()| ask(None)) />
            {body}
        </section>
    }
}

#[component]
fn ChangeForm(
    form: Submission,
    email: Memo<String>,
    on_asked: Callback<String>,
    on_cancel: Callback<()>,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let (new_email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = change_email::Form {
            password: password.get_untracked(),
            new_email: new_email.get_untracked(),
        };
        let to = lower_case(typed.new_email.trim());
        form.send(async move {
            current_user
                .call(|| api::change_email(typed.clone()))
                .await
                .map_err(|error| error.wrong_password_on("password"))?;
            on_asked.try_run(to);
            Ok(())
        });
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            on_cancel.run(());
        }
    };
    view! {
        <form method="post" novalidate on:submit=submit on:keydown=escape>
            <ErrorMessage error=form.failure() />
            <ErrorSummary form />
            <Field
                form
                name="new_email"
                label="New email address"
                value=new_email
                check=email_problem
                kind="email"
                autocomplete="email"
            />
            <AccountName email />
            <PasswordField form name="password" value=password />
            <div class="actions">
                <SubmitButton form>"Change address"</SubmitButton>
                <button type="button" class="link" on:click=move |_| on_cancel.run(())>
                    "Cancel"
                </button>
            </div>
        </form>
    }
}

#[component]
fn WaitingChange(waiting: Waiting, question: Submission, on_cancel: Callback<()>) -> impl IntoView {
    let Waiting { to, can_cancel } = waiting;
    view! {
        <p>
            "We sent a link to " <strong class="address">{to}</strong>
            ". Open it to move there; until then nothing changes."
        </p>
        {can_cancel
            .then(|| {
                view! {
                    <button
                        type="button"
                        class="button quiet"
                        aria-busy=question.busy()
                        on:click=move |_| on_cancel.run(())
                    >
                        "Cancel the change"
                    </button>
                }
            })}
    }
}
