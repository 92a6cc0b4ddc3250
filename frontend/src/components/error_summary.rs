//! [`ErrorSummary`]: what to correct, when it is more than one field.

use leptos::prelude::*;

use crate::{Submission, browser};

/// The id of the summary, which takes the focus when it appears.
pub const ERROR_SUMMARY: &str = "error-summary";

/// Lists the refused fields with links to them; nothing is shown for fewer than two.
#[component]
pub fn ErrorSummary(
    /// The form it is about.
    form: Submission,
) -> impl IntoView {
    move || {
        let refused = form.refused();
        (refused.len() > 1).then(|| {
            let links: Vec<_> = refused
                .into_iter()
                .map(|(field, message)| view! { <SummaryLink field message /> })
                .collect();
            view! {
                <div class="alert" role="alert" id=ERROR_SUMMARY tabindex="-1">
                    <p>"Please correct these fields:"</p>
                    <ul>{links}</ul>
                </div>
            }
        })
    }
}

#[component]
fn SummaryLink(field: &'static str, message: String) -> impl IntoView {
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        browser::focus_soon(field);
    };
    view! {
        <li>
            <a href=format!("#{field}") on:click=go>
                {message}
            </a>
        </li>
    }
}
