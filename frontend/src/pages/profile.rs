//! `/profile`: the picture, the name, the signed-in browsers, and the way out.

use leptos::prelude::*;

use crate::{
    CurrentUser, Later, Part,
    components::{Avatar, Heading, Rename, SessionsComing, SignOut, Verified, changing},
};

/// The signed-in user's own page. What changes the picture and the list of browsers come a moment
/// later, in a file of their own.
#[component]
pub fn Profile() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let later = expect_context::<Later>();
    let preview = RwSignal::new(None);
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
    let avatar_editor = changing(move || {
        later.avatar_editor(preview).or_else(|| {
            // The list of browsers says so, and offers another try.
            later.failure_of(Part::Account).is_none().then(|| {
                view! {
                    <div class="actions skeleton">
                        <i class="control half"></i>
                    </div>
                }
                .into_any()
            })
        })
    });
    let sessions = changing(move || {
        Some(
            later
                .sessions()
                .unwrap_or_else(|| view! { <SessionsComing /> }.into_any()),
        )
    });

    view! {
        <div class="profile">
            <section class="card">
                <div class="avatar-editor">
                    <Avatar preview alt="Your picture" />
                    {avatar_editor}
                </div>
                <Heading title="Profile">{greeting}</Heading>
                <p class="email">
                    <span class="address">{email}</span>
                    {verified}
                </p>
                <Rename />
            </section>
            <section class="leave actions">
                <a class="button quiet" href="/security">
                    "Password, address and security"
                </a>
                <SignOut />
            </section>
            // As long as there are devices, which is known late: nothing stands below it.
            {sessions}
        </div>
    }
}
