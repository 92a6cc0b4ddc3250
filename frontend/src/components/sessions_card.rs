//! [`SessionsCard`]: the frame of the list of signed-in browsers, and what it holds before the list
//! is here.

use leptos::prelude::*;

use super::ErrorMessage;
use crate::{Later, Part};

/// The id of the title.
pub(super) const TITLE: &str = "sessions";

/// A card with the list's title.
#[component]
pub fn SessionsCard(
    /// What is below the title.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby=TITLE>
            <h2 id=TITLE tabindex="-1">
                "Where you are signed in"
            </h2>
            {children()}
        </section>
    }
}

/// A grey bar in the list's place.
#[component]
pub fn SessionsSkeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="unseen">"Loading…"</span>
            <i class="row"></i>
        </div>
    }
}

/// The card before the list's file is here; says so if it cannot be fetched.
#[component]
pub fn SessionsComing() -> impl IntoView {
    let later = expect_context::<Later>();
    let failure = Signal::derive(move || later.failure_of(Part::Account));
    view! {
        <SessionsCard>
            {move || failure.get().is_none().then(|| view! { <SessionsSkeleton /> })}
            <ErrorMessage error=failure on_retry=Callback::new(move |()| later.retry()) />
        </SessionsCard>
    }
}
