//! [`DeleteAccount`]: leave, after a question that asks for the address and the password.

use leptos::prelude::*;
use shared::{Invalid, Parse, delete_account, text::lower_case};

use super::{AccountName, ConfirmDialog, Field, PasswordField, email_problem};
use crate::{CurrentUser, Error, HandedOn, News, Place, Submission, api};

const TITLE: &str = "leave";
const OPENER: &str = "delete-account";

/// The button and its question; whoever has left stands signed out on the front page.
#[component]
pub fn DeleteAccount(
    /// The form's state, with the fields `typed_email` and `leave_password`.
    form: Submission,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let handed_on = expect_context::<HandedOn>();
    let place = expect_context::<Place>();
    let email = Memo::new(move |_| current_user.user().map(|user| user.email).unwrap_or_default());
    let (typed_email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let open = RwSignal::new(false);

    let ask = move |_| {
        typed_email.set(String::new());
        password.set(String::new());
        form.clear();
        open.set(true);
    };
    let leave = Callback::new(move |()| {
        let place = place.clone();
        let typed = delete_account::Form {
            password: password.get_untracked(),
        };
        let mistyped = lower_case(typed_email.get_untracked().trim()) != lower_case(&email.get_untracked());
        form.send(async move {
            let mut refused = delete_account::Request::parse(typed.clone())
                .err()
                .unwrap_or_default();
            if mistyped {
                refused.push(Invalid::new(
                    "typed_email",
                    "This is not the address of the account.",
                ));
            }
            if !refused.is_empty() {
                return Err(Error::Fields(refused).on("password", "leave_password"));
            }
            current_user
                .call(|| api::delete_account(typed.clone()))
                .await
                .map_err(|error| {
                    error
                        .wrong_password_on("password")
                        .on("password", "leave_password")
                })?;
            if form.is_there() {
                place.go("/");
            }
            handed_on.forget();
            current_user.set_nobody();
            news.tell("Your account is deleted.");
            Ok(())
        });
    });

    view! {
        <section class="card" aria-labelledby=TITLE>
            <h2 id=TITLE>"Leave"</h2>
            <p>"Deletes your account with everything in it. Your address is free again at once."</p>
            <button type="button" class="button quiet danger" id=OPENER on:click=ask>
                "Delete my account"
            </button>
            <ConfirmDialog
                open
                opener=OPENER
                title="Delete your account for ever?"
                act="Delete my account"
                form
                on_act=leave
            >
                <p>
                    "The account " <strong class="address">{email}</strong>
                    " is deleted at once, with its name, its picture, its files and every session. "
                    "Nobody can bring it back."
                </p>
                <Field
                    form
                    name="typed_email"
                    label="The address of the account"
                    hint="Type it, so that nothing is deleted by mistake."
                    value=typed_email
                    check=email_problem
                    // Chromium would give the ASCII form of an international address.
                    kind="text"
                    autocomplete="off"
                />
                <AccountName email />
                <PasswordField form name="leave_password" value=password />
            </ConfirmDialog>
        </section>
    }
}
