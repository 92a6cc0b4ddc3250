//! [`Skeleton`]: what is shown while the visitor is not known yet; the shell of `index.html` shows
//! the same.

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
        </div>
    }
}
