//! [`ErrorMessage`]: the alert for an [`Error`].

use leptos::{either::Either, prelude::*};

use crate::Error;

/// Says why something failed, aloud too; offers another try where that may help.
#[component]
pub fn ErrorMessage(
    /// What failed; nothing is shown for `None`.
    #[prop(into)]
    error: Signal<Option<Error>>,
    /// Tries again. Without it the button submits the form around the message.
    #[prop(optional)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    let turn = StoredValue::new(false);

    move || {
        let error = error.get()?;
        let alert = view! {
            <div class="alert" role="alert">
                <p>{error.message()}</p>
                {error.is_passing().then(|| view! { <TryAgain on_retry /> })}
            </div>
        }
        .into_any();
        // A screen reader tells an alert when it appears, not when it stays: the same words after
        // the next try must be a new element.
        turn.update_value(|turn| *turn = !*turn);
        Some(if turn.get_value() {
            Either::Left(alert)
        } else {
            Either::Right(alert)
        })
    }
}

#[component]
fn TryAgain(on_retry: Option<Callback<()>>) -> impl IntoView {
    let kind = if on_retry.is_some() { "button" } else { "submit" };
    let retry = move |_| {
        if let Some(on_retry) = on_retry {
            on_retry.run(());
        }
    };
    view! {
        <button type=kind class="button quiet" on:click=retry>
            "Try again"
        </button>
    }
}
