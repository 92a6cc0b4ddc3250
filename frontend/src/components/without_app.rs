//! [`WithoutApp`]: what is only for browsers that cannot run the app.

use leptos::prelude::*;

/// Shown where scripts are off, or the app could not start; the style sheet hides it elsewhere.
#[component]
pub fn WithoutApp(
    /// What to show.
    children: Children,
) -> impl IntoView {
    view! { <div class="without-app">{children()}</div> }
}
