//! `/verify-email`: mails the link again that proves the address of a new account.

use leptos::prelude::*;

use crate::{
    Submission,
    components::{Heading, Mail, MailForm, WayIn},
};

/// Says the same for every address.
#[component]
pub fn VerifyEmail() -> impl IntoView {
    let form = Submission::new(&["email"]);
    view! {
        <MailForm
            mail=Mail::VerifyEmail
            form
            intro=move || {
                view! {
                    <Heading title="Verify your address" forms=vec![form]>
                        "Verify your address"
                    </Heading>
                    <p>"We mail the link again that finishes your sign-up. Each of the links works, until one is used."</p>
                }
            }
        >
            <p class="ways">
                <WayIn page="/sign-in">"Sign in"</WayIn>
                <span>"New here? " <WayIn page="/sign-up">"Sign up"</WayIn></span>
            </p>
        </MailForm>
    }
}
