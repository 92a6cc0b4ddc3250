//! The pages; `app.rs` says which path shows which.

mod auth_redirect;
mod index;
mod magic_link;
mod not_found;
mod profile;
mod sign_in;
mod sign_up;
mod unreachable;

pub use auth_redirect::AuthRedirect;
pub use index::Index;
pub use magic_link::MagicLink;
pub use not_found::NotFound;
pub use profile::Profile;
pub use sign_in::SignIn;
pub use sign_up::SignUp;
pub use unreachable::Unreachable;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::ReturnTo;

use crate::words;

/// Where the visitor goes after signing in, from the query value `return_to`; `None` for what is
/// missing or leads off our site.
pub fn use_return_to() -> Signal<Option<ReturnTo>> {
    let query = use_query_map();
    Signal::derive(move || query.with(|query| ReturnTo::new(query.get_str("return_to")?)))
}

/// A link to another page of the way in, which keeps where that way goes.
#[component]
fn WayIn(
    /// The page's path.
    page: &'static str,
    /// The words to click.
    children: Children,
) -> impl IntoView {
    let return_to = use_return_to();
    view! { <a href=move || words::with_return_to(page, return_to.get().as_ref())>{children()}</a> }
}
