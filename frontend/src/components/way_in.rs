//! [`WayIn`]: links between the pages that lead in, which keep where the visitor was going.

use leptos::prelude::*;
use shared::ReturnTo;

use crate::{Place, words};

/// Where the visitor goes after signing in, from the query value `return_to`; `None` for what is
/// missing or leads off our site.
pub fn use_return_to() -> Signal<Option<ReturnTo>> {
    let place = expect_context::<Place>();
    Signal::derive(move || ReturnTo::new(&place.query_value("return_to")?))
}

/// The address of a page of the way in, which is also where its form goes.
pub fn use_way_in(page: &'static str) -> Signal<String> {
    let return_to = use_return_to();
    Signal::derive(move || words::with_return_to(page, return_to.get().as_ref()))
}

/// A link to a page of the way in.
#[component]
pub fn WayIn(
    /// The page's path.
    page: &'static str,
    /// The words to click.
    children: Children,
) -> impl IntoView {
    view! { <a href=use_way_in(page)>{children()}</a> }
}
