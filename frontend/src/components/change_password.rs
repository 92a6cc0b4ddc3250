//! [`ChangePassword`]: another password, proved with the present one.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::change_password;

use super::{AccountName, ErrorMessage, ErrorSummary, NewPasswordField, PasswordField, SubmitButton};
use crate::{CurrentUser, News, Submission, api};

const TITLE: &str = "change-password";

/// The form; says that the other sessions ended.
#[component]
pub fn ChangePassword(
    /// The form's state, with the fields `current_password` and `new_password`.
    form: Submission,
    /// Told when the other sessions ended.
    sessions_ended: RwSignal<()>,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let (current_password, new_password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let email = Signal::derive(move || current_user.user().map(|user| user.email).unwrap_or_default());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = change_password::Form {
            current_password: current_password.get_untracked(),
            new_password: new_password.get_untracked(),
        };
        form.send(async move {
            current_user
                .call(|| api::change_password(typed.clone()))
                .await
                .map_err(|error| error.wrong_password_on("current_password"))?;
            current_password.set(String::new());
            new_password.set(String::new());
            sessions_ended.set(());
            news.tell("Your password is changed. All other devices are signed out.");
            Ok(())
        });
    };

    view! {
        <section class="card" aria-labelledby=TITLE>
            <h2 id=TITLE>"Change password"</h2>
            <p>"A new password signs out all your other devices."</p>
            <form method="post" novalidate on:submit=submit>
                <ErrorMessage error=form.failure() />
                <ErrorSummary form />
                <AccountName email />
                <PasswordField
                    form
                    name="current_password"
                    label="Current password"
                    value=current_password
                />
                <NewPasswordField form name="new_password" value=new_password />
                <div class="actions">
                    <SubmitButton form>"Change password"</SubmitButton>
                    <a class="link" href="/forgot-password">
                        "Forgot it?"
                    </a>
                </div>
            </form>
        </section>
    }
}
