//! [`Skeleton`]: what is shown while the visitor is not known yet.

use leptos::prelude::*;

/// A card of grey bars.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="card skeleton" role="status">
            <h1 class="unseen">"Loading…"</h1>
            <i></i>
            <i></i>
            <i></i>
            <i></i>
            <p class="late">
                "This takes longer than it should. Your connection may be slow: please wait a moment, or reload the page."
            </p>
        </div>
    }
}
