//! Two browsers; one ends the other's session.

use support::story;

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn an_ended_session_asks_for_the_password_or_leads_to_sign_in() {
    story("remote_sign_out", &[("CONFIRM_EMAIL", "false")], async |stage| {
        // This one session is of a Firefox.
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let here = stage.open_browser().await;
        let there = stage.open_browser().await;
        for browser in [&there, &here] {
            sign_in(browser, EMAIL, PASSWORD).await;
            browser.arrive("/profile").await;
        }
        here.see("Firefox on Linux").await;
        here.see("This device").await;

        here.click("Sign out Chrome").await;
        here.see("is signed out.").await;

        there.allow(401, "/api/profile");
        there.click("Change name").await;
        there.fill("Name", "Somebody else").await;
        there.click("Save").await;
        there.see("You were signed out").await;
        there.click("Sign in another way").await;
        there.arrive("/sign-in?return_to=/profile").await;
        there.reload().await;
        there.see("Sign in").await;
        here.reload().await;
        here.see("Hello, Ada Lovelace").await;
        here.see("Firefox on Linux").await;
        here.see_no("Sign out Chrome").await;
    });
}
