//! [`Header`]: the top of every page.

use leptos::prelude::*;

use super::{WayIn, changing};
use crate::{Access, CurrentUser, Later};

/// The mark, and the way to sign in or to the profile. Who is not known yet has a session cookie,
/// and most likely a session.
#[component]
pub fn Header() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let later = expect_context::<Later>();
    let signed_out = Memo::new(move |_| current_user.access() == Access::SignedOut);
    let links = changing(move || {
        Some(if signed_out.get() {
            view! {
                <WayIn page="/sign-in">"Sign in"</WayIn>
                <WayIn page="/sign-up">"Sign up"</WayIn>
            }
            .into_any()
        } else {
            view! {
                <a class="chip" href="/profile">
                    {changing(move || {
                        Some(later.avatar().unwrap_or_else(|| view! { <span class="avatar"></span> }.into_any()))
                    })}
                    "Profile"
                </a>
            }
            .into_any()
        })
    });

    view! {
        <header class="top">
            <a class="brand" href="/">
                <svg class="icon solid" viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M12 2a6 6 0 0 1 2 11.7V16h2v2h-2v4h-4v-8.3A6 6 0 0 1 12 2m0 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4"></path>
                </svg>
                "Latchkey"
            </a>
            <nav aria-label="Account">{links}</nav>
        </header>
    }
}
