//! `/sign-in`: address and password.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::sign_in;

use crate::{
    CurrentUser, HandedOn, Later, Submission, api, browser,
    components::{
        ErrorMessage, ErrorSummary, Field, Heading, Mail, PasswordField, SubmitButton, WayIn, changing,
        email_problem, use_return_to, use_way_in,
    },
};

/// The id of the form that asks for the verification mail.
const AGAIN: &str = "send-again";

/// Signs in; the guard of the page then moves the visitor on.
#[component]
pub fn SignIn() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let form = Submission::new(&["email", "password"]);
    let email = expect_context::<HandedOn>().email;
    let password = RwSignal::new(String::new());
    let action = use_way_in("/sign-in");
    let again = use_way_in(Mail::VerifyEmail.page());
    let later = expect_context::<Later>();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = sign_in::Form {
            email: email.get_untracked(),
            password: password.get_untracked(),
        };
        later.fetch_account();
        form.send(async move {
            let result = api::sign_in(typed).await;
            if result
                .as_ref()
                .is_err_and(|error| error.has_code("invalid_credentials"))
            {
                password.set(String::new());
                if form.is_there() {
                    browser::focus_soon("password");
                }
            }
            current_user.signs_in(result?.user)
        });
    };

    view! {
        <section class="card">
            <Heading title="Sign in" forms=vec![form]>"Sign in"</Heading>
            <TurnedAway />
            <form method="post" action=action novalidate on:submit=submit>
                <ErrorMessage error=form.failure() />
                <SendAgain form />
                <ErrorSummary form />
                <Field
                    form
                    name="email"
                    label="Email address"
                    value=email
                    check=email_problem
                    kind="email"
                    autocomplete="username webauthn"
                />
                <PasswordField form name="password" value=password />
                <SubmitButton form>"Sign in"</SubmitButton>
            </form>
            <form class="unseen" id=AGAIN method="post" action=again>
                <input type="hidden" name="email" value=email.get_untracked() prop:value=email />
            </form>
            <p class="ways">
                <WayIn page="/forgot-password">"Forgot your password?"</WayIn>
                <WayIn page="/magic-link">"Sign in with a link instead"</WayIn>
                <span>"New here? " <WayIn page="/sign-up">"Sign up"</WayIn></span>
            </p>
        </section>
    }
}

/// Says why the visitor is here when another page sent them.
#[component]
fn TurnedAway() -> impl IntoView {
    let return_to = use_return_to();
    changing(move || {
        return_to
            .get()
            .map(|_| view! { <p class="muted">"Sign in to see that page."</p> }.into_any())
    })
}

/// Shown when the password is right but the address is not verified. Rarely needed, so it is a
/// plain form. It is a form of its own: Enter in the other one signs in, and the password stays
/// there.
#[component]
fn SendAgain(form: Submission) -> impl IntoView {
    changing(move || {
        form.has_code("email_not_verified").then(|| {
            view! {
                <button type="submit" class="button quiet" form=AGAIN>
                    "Send the verification mail again"
                </button>
            }
            .into_any()
        })
    })
}
