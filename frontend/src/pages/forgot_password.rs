//! `/forgot-password`: asks for an address and mails a link that allows a new password.

use leptos::prelude::*;

use crate::{
    CurrentUser, HandedOn, Submission,
    components::{Heading, Mail, MailForm, WayIn},
};

/// Says the same for every address; who is signed in finds their own.
#[component]
pub fn ForgotPassword() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let handed_on = expect_context::<HandedOn>();
    let form = Submission::new(&["email"]);
    Effect::new(move |_| {
        if let Some(user) = current_user.user() {
            handed_on.email.set(user.email);
        }
    });

    view! {
        <MailForm
            mail=Mail::ResetPassword
            form
            intro=move || {
                view! {
                    <Heading title="Forgot your password?" forms=vec![form]>
                        "Forgot your password?"
                    </Heading>
                    <p>"We mail you a link. Open it and choose a new password."</p>
                }
            }
        >
            <p class="ways">
                <WayIn page="/sign-in">"Sign in with a password"</WayIn>
                <WayIn page="/magic-link">"Sign in with a link instead"</WayIn>
            </p>
        </MailForm>
    }
}
