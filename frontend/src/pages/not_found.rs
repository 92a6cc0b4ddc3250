//! Every other path.

use leptos::prelude::*;

use crate::components::Heading;

/// Says that there is nothing here, and where to go.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Not found">"There is no page here"</Heading>
            <p>"The address may be mistyped, or the page has moved."</p>
            <a class="button" href="/">
                "Go to the front page"
            </a>
        </section>
    }
}
