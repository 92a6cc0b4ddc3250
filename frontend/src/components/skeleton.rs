//! [`Skeleton`]: what is shown while the visitor is not known yet.

use leptos::prelude::*;

/// What is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// One card.
    #[default]
    Card,
    /// The profile.
    Profile,
    /// The page of the account's security.
    Security,
}

/// Grey bars where the parts will be, so that nothing moves when they come.
#[component]
pub fn Skeleton(
    /// What is on its way.
    #[prop(optional)]
    shape: Shape,
) -> impl IntoView {
    let (class, bars) = match shape {
        Shape::Card => ("card", CARD),
        Shape::Profile => ("profile", PROFILE),
        Shape::Security => ("security", SECURITY),
    };
    view! {
        <div class="skeleton" role="status">
            <h1 class="unseen">"Loading…"</h1>
            <div class=class aria-hidden="true" inner_html=bars></div>
            <p class="late">
                "This takes longer than it should. Your connection may be slow: please wait a moment, or reload the page."
            </p>
        </div>
    }
}

const CARD: &str =
    r#"<i class="title"></i><i class="control"></i><i class="control"></i><i class="control half"></i>"#;

/// The picture, the name and the address; then the signed-in browsers.
const PROFILE: &str = r#"<section class="card"><div class="avatar-editor"><i class="avatar"></i><i class="control half"></i></div><i class="title"></i><i></i><i class="control half"></i></section><section class="card"><i class="half"></i><i class="row"></i></section>"#;

/// The title; then the password, the address and the way to leave, beside the signed-in browsers.
const SECURITY: &str = r#"<i class="title"></i><div><section class="card"><i class="half"></i><i></i><i></i><i></i><i class="control"></i><i></i><i></i><i></i><i class="control"></i><i class="control half"></i></section><section class="card"><i class="half"></i><i></i><i class="control half"></i></section><section class="card"><i class="half"></i><i></i><i></i><i class="control half"></i></section></div><div><section class="card"><i class="half"></i><i class="row"></i></section></div>"#;
