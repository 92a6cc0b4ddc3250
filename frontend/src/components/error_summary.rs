//! [`ErrorSummary`]: what to correct, when it is more than one field.

use leptos::{prelude::*, tachys::view::iterators::StaticVec};

use super::changing;
use crate::{Refusal, Submission, browser};

/// Lists the refused fields with links to them; nothing is shown for fewer than two.
#[component]
pub fn ErrorSummary(
    /// The form it is about.
    form: Submission,
) -> impl IntoView {
    changing(move || {
        let refused = form.refused();
        (refused.len() > 1).then(|| {
            let links: Vec<_> = refused
                .into_iter()
                .map(|refusal| view! { <SummaryLink refusal /> }.into_any())
                .collect();
            let links = StaticVec::from(links);
            view! {
                <div class="alert" role="alert" id=form.summary_id() tabindex="-1" autofocus>
                    <p>"Please correct these fields:"</p>
                    <ul>{links}</ul>
                </div>
            }
            .into_any()
        })
    })
}

#[component]
fn SummaryLink(refusal: Refusal) -> impl IntoView {
    let Refusal { field, message, .. } = refusal;
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
