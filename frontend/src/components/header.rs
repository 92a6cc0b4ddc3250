//! [`Header`]: the top of every page.

use leptos::prelude::*;

use super::{Avatar, Drawing, Icon};
use crate::{Access, CurrentUser};

/// The mark, and the way to sign in or to the profile.
#[component]
pub fn Header() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let access = Memo::new(move |_| current_user.access());
    let links = move || match access.get() {
        Access::SignedIn => view! {
            <a class="chip" href="/profile">
                <Avatar user=Signal::derive(move || current_user.user()) />
                "Profile"
            </a>
        }
        .into_any(),
        Access::SignedOut => view! {
            <a href="/sign-in">"Sign in"</a>
            <a href="/sign-up">"Sign up"</a>
        }
        .into_any(),
        Access::Unknown | Access::Unreachable => ().into_any(),
    };

    view! {
        <header class="top">
            <a class="brand" href="/">
                <Icon drawing=Drawing::Key />
                "Latchkey"
            </a>
            <nav aria-label="Account">{links}</nav>
        </header>
    }
}
