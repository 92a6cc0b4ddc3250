//! What `/auth-redirect` asks where the link finishes a sign-up that another browser began.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::auth_redirect::Form;

use crate::{
    Error, Submission,
    components::{AccountName, ErrorMessage, Heading, NewPasswordField, PasswordField, SubmitButton},
};

/// Says whose address the link proves, and asks for the password of the sign-up, or for another:
/// whoever signed up with the address of somebody else does not get to keep theirs.
#[component]
pub fn LinkPassword(
    /// The address that the link proves, if Altogic tells.
    email: Option<String>,
    /// The link's secret, for a browser that sends the forms by itself.
    access_token: String,
    /// Why a form came back that a browser sent by itself.
    refusal: Option<Error>,
    /// Redeems the link with what was typed, on behalf of a form.
    send: Callback<(Submission, Form)>,
) -> impl IntoView {
    let known = Submission::new(&["password"]);
    let new = Submission::new(&["new_password"]);
    let (password, new_password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    if let Some(error) = refusal {
        let of_new = !error.fields(&["new_password"]).is_empty();
        (if of_new { new } else { known }).refuse(error);
    }
    let starts_new = new.is_failed();

    let send_known = move |event: SubmitEvent| {
        event.prevent_default();
        let password = Some(password.get_untracked());
        send.run((
            known,
            Form {
                password,
                ..Form::default()
            },
        ));
    };
    let send_new = move |event: SubmitEvent| {
        event.prevent_default();
        let new_password = Some(new_password.get_untracked());
        send.run((
            new,
            Form {
                new_password,
                ..Form::default()
            },
        ));
    };
    let account = email.clone();
    let hidden = move || {
        view! {
            <input type="hidden" name="access_token" value=access_token.clone() />
            <AccountName email=account.clone().unwrap_or_default() />
        }
    };

    view! {
        <section class="card">
            <Heading title="Enter your password" forms=vec![known, new]>
                "Enter your password"
            </Heading>
            <p>
                "This link finishes a sign-up"
                {email.map(|email| view! { " with " <strong class="address">{email}</strong> })}
                ". It was made in another browser, so please enter the password that you chose then."
            </p>
            <form method="post" action="/auth-redirect" novalidate on:submit=send_known>
                <ErrorMessage error=known.failure() />
                {hidden()}
                <PasswordField form=known name="password" value=password />
                <SubmitButton form=known>"Continue"</SubmitButton>
            </form>
            <details class="other-way" open=starts_new>
                <summary>"I did not choose a password, or do not know it: set a new one"</summary>
                <form method="post" action="/auth-redirect" novalidate on:submit=send_new>
                    <ErrorMessage error=new.failure() />
                    {hidden()}
                    <NewPasswordField form=new name="new_password" value=new_password />
                    <SubmitButton form=new>"Set the new password"</SubmitButton>
                </form>
            </details>
            <p class="muted">"If the mail is not yours, close this page: nothing has happened."</p>
        </section>
    }
}
