//! [`Avatar`]: the user's picture.

use leptos::prelude::*;
use shared::avatar::Copies;

use crate::{CurrentUser, words};

/// The picture, round; without one the initials, drawn here.
#[component]
pub fn Avatar(
    /// A picture to show in its place, by its address.
    #[prop(optional, into)]
    preview: Signal<Option<String>>,
    /// What the picture shows; empty where a name stands beside it.
    #[prop(optional)]
    alt: &'static str,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let picture = Memo::new(move |_| {
        preview
            .get()
            .or_else(|| current_user.sent_avatar())
            .or_else(|| current_user.user()?.profile_picture)
    });
    let image = move |address: String| {
        let Copies { picture, small } = Copies::of(&address);
        let by_screen = small.map(|small| [small, " 1x, ", picture, " 2x"].concat());
        view! { <img src=picture.to_owned() srcset=by_screen alt=alt /> }.into_any()
    };
    let initials = Memo::new(move |_| {
        current_user
            .user()
            .map(|user| words::initials(&user.name, &user.email))
    });
    view! {
        <span class="avatar">
            {move || match picture.get() {
                Some(address) => image(address),
                None => view! { <span aria-hidden="true">{initials}</span> }.into_any(),
            }}
        </span>
    }
}
