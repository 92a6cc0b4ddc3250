//! Puts the app in the place of the page that the server rendered, and goes on from there.

use dlmalloc::GlobalDlmalloc;
use frontend::{App, Later, Part, browser, starts_later};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The same as the standard library's, which comes compiled for speed and weighs more.
#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

fn main() {
    browser::report_panics();
    let signed_in_hint = browser::signed_in_hint();
    let Some(part) = starts_later(&browser::path(), signed_in_hint) else {
        return start(signed_in_hint, None);
    };
    // The page of the server stays until the app has a page to put in its place.
    spawn_local(async move {
        if Later::fetch_first(part).await {
            start(signed_in_hint, Some(part));
        } else {
            browser::mark_broken();
        }
    });
}

fn start(signed_in_hint: bool, here: Option<Part>) {
    browser::when_not_composing(move || {
        let posted = browser::posted();
        let focus = browser::Focus::now();
        leptos::mount::mount_to(browser::cleared_shell(), move || {
            view! { <App signed_in_hint posted here /> }
        })
        .forget();
        browser::mark_running();
        if let Some(focus) = focus {
            focus.restore();
        }
    });
}
