//! `/profile`: the picture, the name, the signed-in browsers, and the way out.

use leptos::prelude::*;

use crate::{
    CurrentUser,
    components::{AvatarEditor, Heading, Rename, Sessions, SignOut, Verified},
};

/// The signed-in user's own page.
#[component]
pub fn Profile() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let user = Memo::new(move |_| current_user.user());
    let greeting = move || {
        user.with(|user| match user {
            Some(user) if !user.name.is_empty() => format!("Hello, {}", user.name),
            _ => "Hello".to_owned(),
        })
    };
    let email = move || user.with(|user| user.as_ref().map(|user| user.email.clone()));
    let verified = move || {
        let verified = user.with(|user| user.as_ref().is_some_and(|user| user.email_verified));
        view! { <Verified verified /> }
    };

    view! {
        <div class="profile">
            <section class="card">
                <AvatarEditor />
                <Heading title="Profile">{greeting}</Heading>
                <p class="email">
                    <span class="address">{email}</span>
                    {verified}
                </p>
                <Rename />
            </section>
            <Sessions />
            <section class="leave actions">
                <a class="button quiet" href="/security">
                    "Password, address and security"
                </a>
                <SignOut />
            </section>
        </div>
    }
}
