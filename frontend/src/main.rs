//! Puts the app in the place of the page that the server rendered, and goes on from there.

use frontend::{App, browser};
use leptos::prelude::*;

fn main() {
    browser::report_panics();
    browser::when_not_composing(|| {
        let posted = browser::posted();
        let focus = browser::Focus::now();
        leptos::mount::mount_to(browser::cleared_shell(), move || {
            view! { <App signed_in_hint=browser::signed_in_hint() posted /> }
        })
        .forget();
        browser::mark_running();
        if let Some(focus) = focus {
            focus.restore();
        }
    });
}
