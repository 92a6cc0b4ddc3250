//! [`Avatar`]: a person's picture.

use leptos::prelude::*;
use shared::User;

use crate::words;

/// The picture, round; without one the initials, drawn here.
#[component]
pub fn Avatar(
    /// Whose picture.
    user: Signal<Option<User>>,
    /// A picture to show in its place, by its address.
    #[prop(optional, into)]
    preview: Signal<Option<String>>,
    /// What the picture shows; empty where a name stands beside it.
    #[prop(optional)]
    alt: &'static str,
) -> impl IntoView {
    let picture = Memo::new(move |_| {
        preview
            .get()
            .or_else(|| user.with(|user| user.as_ref()?.profile_picture.clone()))
    });
    let initials = Memo::new(move |_| {
        user.with(|user| user.as_ref().map(|user| words::initials(&user.name, &user.email)))
    });
    view! {
        <span class="avatar">
            {move || match picture.get() {
                Some(address) => view! { <img src=address alt=alt /> }.into_any(),
                None => view! { <span aria-hidden="true">{initials}</span> }.into_any(),
            }}
        </span>
    }
}
