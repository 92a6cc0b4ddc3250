//! [`Verified`]: whether an address is proved.

use leptos::prelude::*;

use super::{Drawing, Icon};

/// A badge beside the address.
#[component]
pub fn Verified(
    /// Whether it is.
    verified: bool,
) -> impl IntoView {
    if verified {
        view! {
            <span class="badge">
                <Icon drawing=Drawing::Check />
                "Verified"
            </span>
        }
        .into_any()
    } else {
        view! { <span class="badge plain">"Not verified"</span> }.into_any()
    }
}
