//! [`SignInAgain`]: a session has ended while its page was in use.

use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::sign_in;

use super::{AccountName, ErrorMessage, PasswordField, SubmitButton};
use crate::{CurrentUser, HandedOn, Submission, api, browser};

const TITLE: &str = "again-title";
const FIELD: &str = "again_password";

/// Asks for the password over the page, which stays as it is. Escape leaves the question: what was
/// asked for then fails, and can be tried again.
#[component]
pub fn SignInAgain() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let handed_on = expect_context::<HandedOn>();
    let form = Submission::new(&[FIELD]);
    let password = RwSignal::new(String::new());
    let email = untrack(|| current_user.user().map(|user| user.email).unwrap_or_default());
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            // It fails only where the dialog is shown already.
            let _ = dialog.show_modal();
            browser::focus_soon(FIELD);
        }
    });

    let account = email.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = sign_in::Form {
            email: account.clone(),
            password: password.get_untracked(),
        };
        form.send(async move {
            let answer = api::sign_in(typed).await;
            let user = answer
                .map_err(|error| error.wrong_password_on("password").on("password", FIELD))?
                .user;
            // This gives the focus back to where the person was.
            if let Some(dialog) = element.try_get_untracked().flatten() {
                dialog.close();
            }
            current_user.signs_in(user)
        });
    };
    let leave = move |_| {
        handed_on.forget();
        current_user.set_nobody();
    };

    view! {
        <dialog
            class="card again"
            aria-labelledby=TITLE
            node_ref=element
            on:close=move |_| {
                if !form.is_pending_untracked() {
                    current_user.answer_again(false);
                }
            }
        >
            <h2 id=TITLE>"You were signed out"</h2>
            <p>
                "Your session has ended. Enter the password of " <strong class="address">{email.clone()}</strong>
                " to go on where you are: what you typed is still there."
            </p>
            <form method="post" novalidate on:submit=submit>
                <ErrorMessage error=form.failure() />
                <AccountName email />
                <PasswordField form name=FIELD value=password />
                <div class="actions">
                    <SubmitButton form>"Sign in and go on"</SubmitButton>
                    <button type="button" class="link" on:click=leave>
                        "Sign in another way"
                    </button>
                </div>
            </form>
        </dialog>
    }
}
