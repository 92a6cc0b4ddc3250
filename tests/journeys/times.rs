//! Times and pictures that the page makes by itself.

use support::story;

use crate::{EMAIL, PASSWORD, sign_in};

/// A browser whose clock is hours off.
const WRONG_CLOCK: &str = "const now = Date.now; Date.now = () => now() + HOURS * 3600000";

#[test]
fn times_are_told_by_the_servers_clock() {
    story("wrong_clock", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join("\u{1f980}", EMAIL, PASSWORD).await;
        for hours in ["5", "-5"] {
            let browser = stage.open_browser().await;
            browser.before_load(&WRONG_CLOCK.replace("HOURS", hours)).await;
            sign_in(&browser, EMAIL, PASSWORD).await;
            browser.see("This device").await;

            browser.see("Signed in just now").await;
            browser.see_no("hours ago").await;
            // A name without a letter: the address has one.
            browser
                .wait_until("document.querySelector('main .avatar').innerText === 'A'")
                .await;
        }
    });
}
