//! [`PasswordField`] and [`NewPasswordField`], and [`AccountName`] for the forms that hold them.

use leptos::prelude::*;
use shared::{NewPassword, Password};

use super::Field;
use crate::Submission;

/// A password that opens the account.
#[component]
pub fn PasswordField(
    /// The form it belongs to.
    form: Submission,
    /// The field's name in the form.
    name: &'static str,
    /// What to type.
    #[prop(default = "Password")]
    label: &'static str,
    /// What is typed.
    value: RwSignal<String>,
) -> impl IntoView {
    view! { <Field form name label value check=problem kind="password" autocomplete="current-password" /> }
}

/// A password to set, with its rules.
#[component]
pub fn NewPasswordField(
    /// The form it belongs to.
    form: Submission,
    /// The field's name in the form.
    name: &'static str,
    /// What to type.
    #[prop(default = "New password")]
    label: &'static str,
    /// What is typed.
    value: RwSignal<String>,
) -> impl IntoView {
    view! {
        <Field
            form
            name
            label
            hint="At least 8 characters of any kind. Not a common password, and not made of your name or address."
            value
            check=new_problem
            kind="password"
            autocomplete="new-password"
        />
    }
}

/// Tells password managers whose password a form is about; people read it elsewhere.
#[component]
pub fn AccountName(
    /// The account's address.
    #[prop(into)]
    email: Signal<String>,
) -> impl IntoView {
    view! {
        <input
            type="text"
            class="unseen"
            name="username"
            autocomplete="username"
            readonly
            tabindex="-1"
            aria-hidden="true"
            value=email.get_untracked()
            prop:value=email
        />
    }
}

fn problem(typed: String) -> Option<String> {
    Password::try_from(typed).err().map(|invalid| invalid.message)
}

fn new_problem(typed: String) -> Option<String> {
    NewPassword::try_from(typed).err().map(|invalid| invalid.message)
}
