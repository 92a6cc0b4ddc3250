//! [`SignOut`]: ends this browser's session.

use leptos::prelude::*;

use super::ErrorMessage;
use crate::{CurrentUser, HandedOn, News, Place, Submission, api, browser};

/// A button that signs out, and says the truth when it could not.
#[component]
pub fn SignOut() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let handed_on = expect_context::<HandedOn>();
    let place = expect_context::<Place>();
    let form = Submission::new(&[]);

    let sign_out = Callback::new(move |()| {
        let place = place.clone();
        form.send(async move {
            let result = api::sign_out().await;
            // The backend takes the cookies away even when it cannot tell the account service.
            let cookies_are_gone = !browser::signed_in_hint();
            let sentence = match result {
                Ok(()) => "You are signed out.",
                Err(error) if error.is_signed_out() => "You are signed out.",
                Err(_) if cookies_are_gone => {
                    "You are signed out here. The account service could not be told yet."
                }
                Err(error) => return Err(error),
            };
            if form.is_there() {
                place.go("/sign-in");
            }
            handed_on.forget();
            current_user.set_nobody();
            news.tell(sentence);
            Ok(())
        });
    });

    view! {
        <button
            type="button"
            class="button quiet"
            aria-busy=form.busy()
            on:click=move |_| sign_out.run(())
        >
            "Sign out"
        </button>
        {move || {
            form.failure().get()
                .map(|error| {
                    view! {
                        <p class="muted">"You are still signed in."</p>
                        <ErrorMessage error=Signal::stored(Some(error)) on_retry=sign_out />
                    }
                })
        }}
    }
}
