//! `/magic-link`: asks for an address and mails a link that signs in.

use leptos::prelude::*;

use crate::{
    Submission,
    components::{Heading, Mail, MailForm, WayIn},
};

/// Says the same for every address.
#[component]
pub fn MagicLink() -> impl IntoView {
    let form = Submission::new(&["email"]);
    view! {
        <MailForm
            mail=Mail::MagicLink
            form
            intro=move || {
                view! {
                    <Heading title="Sign in with a link" forms=vec![form]>"Sign in with a link"</Heading>
                    <p>"We mail you a link. Open it in this browser and you are in, without a password."</p>
                }
            }
        >
            <p class="ways">
                <WayIn page="/sign-in">"Sign in with a password"</WayIn>
                <span>"New here? " <WayIn page="/sign-up">"Sign up"</WayIn></span>
            </p>
        </MailForm>
    }
}
