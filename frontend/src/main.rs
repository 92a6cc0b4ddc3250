//! Mounts the app in place of the shell that `index.html` shows until now.

use frontend::{App, browser};
use leptos::prelude::*;

fn main() {
    browser::report_panics();
    leptos::mount::mount_to(browser::cleared_shell(), || {
        view! { <App signed_in_hint=browser::signed_in_hint() /> }
    })
    .forget();
}
