//! [`Header`]: the top of every page.

use leptos::prelude::*;

use super::{Avatar, Drawing, Icon, WayIn};
use crate::{Access, CurrentUser};

/// The mark, and the way to sign in or to the profile. Who is not known yet has a session cookie,
/// and most likely a session.
#[component]
pub fn Header() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let signed_out = Memo::new(move |_| current_user.access() == Access::SignedOut);
    let links = move || {
        if signed_out.get() {
            view! {
                <WayIn page="/sign-in">"Sign in"</WayIn>
                <WayIn page="/sign-up">"Sign up"</WayIn>
            }
            .into_any()
        } else {
            view! {
                <a class="chip" href="/profile">
                    <Avatar />
                    "Profile"
                </a>
            }
            .into_any()
        }
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
