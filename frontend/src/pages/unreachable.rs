//! In place of a protected page while nobody can say who the visitor is.

use leptos::prelude::*;

use crate::{
    CurrentUser,
    components::{ErrorMessage, Heading},
};

/// Says what is wrong and offers another try.
#[component]
pub fn Unreachable() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    view! {
        <section class="card">
            <Heading title="Cannot reach Latchkey">"One moment"</Heading>
            <p>"You are still signed in, but your profile cannot be shown right now."</p>
            <ErrorMessage
                error=Signal::derive(move || current_user.unreachable())
                on_retry=Callback::new(move |()| current_user.retry())
            />
        </section>
    }
}
