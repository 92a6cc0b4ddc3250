//! Puts the app in the place of the page that the server rendered, and goes on from there.

use frontend::{App, Later, browser, starts_later};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

fn main() {
    browser::report_panics();
    let signed_in_hint = browser::signed_in_hint();
    if !starts_later(&browser::path(), signed_in_hint) {
        return start(signed_in_hint, false);
    }
    // The page of the server stays until the app has a page to put in its place.
    spawn_local(async move {
        if Later::fetch_first().await {
            start(signed_in_hint, true);
        } else {
            browser::mark_broken();
        }
    });
}

fn start(signed_in_hint: bool, later_is_here: bool) {
    browser::when_not_composing(move || {
        let posted = browser::posted();
        let focus = browser::Focus::now();
        leptos::mount::mount_to(browser::cleared_shell(), move || {
            view! { <App signed_in_hint posted later_is_here /> }
        })
        .forget();
        browser::mark_running();
        if let Some(focus) = focus {
            focus.restore();
        }
    });
}
