//! `/`: what this is, and the ways in.

use leptos::prelude::*;

use crate::{Access, CurrentUser, components::Heading};

/// The front page; a signed-in visitor sees the way to the profile.
#[component]
pub fn Index() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let signed_out = Memo::new(move |_| current_user.access() == Access::SignedOut);
    let ways = move || {
        if signed_out.get() {
            view! {
                <a class="button" href="/sign-up">
                    "Sign up"
                </a>
                <a class="button quiet" href="/sign-in">
                    "Sign in"
                </a>
                <a class="button bare" href="/magic-link">
                    "Sign in with a link"
                </a>
            }
            .into_any()
        } else {
            view! {
                <a class="button" href="/profile">
                    "Go to your profile"
                </a>
            }
            .into_any()
        }
    };

    view! {
        <div class="hero">
            <div>
                <Heading title="Welcome">"The front door to your app."</Heading>
                <p class="lead">
                    "Latchkey is a complete account system: sign up, sign in with a password or a mailed link, "
                    "a profile with a picture, and a clear view of every browser that holds a key."
                </p>
                <p class="actions">{ways}</p>
            </div>
            <div class="door" aria-hidden="true"></div>
        </div>
        <ul class="points">
            <li>
                <h2>"Password or link"</h2>
                <p>"Choose what suits you today. A link from your mailbox opens the same account."</p>
            </li>
            <li>
                <h2>"Every key in view"</h2>
                <p>"See each browser that is signed in, since when, and end any of them with one click."</p>
            </li>
            <li>
                <h2>"Nobody else involved"</h2>
                <p>"One program, one database, on your own machine. No trackers, no third party."</p>
            </li>
        </ul>
    }
}
