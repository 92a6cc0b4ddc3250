//! In place of a protected page while nobody can say who the visitor is, or the page cannot be
//! fetched.

use leptos::prelude::*;

use crate::{
    Access, CurrentUser, Error, Later, browser,
    components::{ErrorMessage, Heading},
};

/// Says what is wrong and offers another try.
#[component]
pub fn Unreachable() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let later = expect_context::<Later>();
    let retry = move |()| {
        later.retry();
        if current_user.unreachable().is_some() {
            current_user.retry();
        }
    };
    let what = move || {
        if current_user.access() == Access::SignedOut {
            "This page cannot be shown right now."
        } else {
            "You are still signed in, but your profile cannot be shown right now."
        }
    };
    let simple = move || {
        matches!(later.failure(), Some(Error::Browser)).then(|| {
            // The server's page, whose forms work without the app.
            let page = match current_user.access() {
                Access::SignedOut => browser::path(),
                _ => "/profile?plain".to_owned(),
            };
            view! {
                <a class="button" href=page rel="external">
                    "Open the simple page"
                </a>
            }
        })
    };
    view! {
        <section class="card">
            <Heading title="Cannot reach Latchkey">"One moment"</Heading>
            <p>{what}</p>
            <ErrorMessage
                error=Signal::derive(move || later.failure().or_else(|| current_user.unreachable()))
                on_retry=Callback::new(retry)
            />
            {simple}
        </section>
    }
}
