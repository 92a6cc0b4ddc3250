//! What expires, with the server's clock moved: sessions and the links of mails.

use std::time::Duration;

use support::{Browser, Key, Stage, TestApp, eventually, story_in_process};

use crate::{EMAIL, NAME, PASSWORD, magic_link, sign_in};

/// The link of the newest mail, once there are so many.
async fn link(stage: &Stage<TestApp>, email: &str, count: usize) -> String {
    let client = stage.client();
    let mails = eventually(async || {
        let mails = client.mails_to(email).await;
        (mails.len() == count).then_some(mails)
    });
    mails.await.expect("the mail arrives")[0].link().to_owned()
}

/// Opens a link too late, and asks for another where the page offers it.
async fn find_dead(browser: &Browser, link: &str) {
    browser.goto(link).await;
    browser.see("This link no longer works").await;
    browser.fill("Email address", EMAIL).await;
    browser.click("Send the link").await;
    browser.see("Check your mail").await;
}

#[test]
fn a_session_that_was_not_used_for_a_month_is_over() {
    story_in_process(
        "session_unused",
        |settings| settings.confirm_email = false,
        async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;
            browser.allow(401, "/api/profile");
            sign_in(&browser, EMAIL, PASSWORD).await;
            browser.arrive("/profile").await;

            stage.app.clock.advance(Duration::from_hours(24 * 29));
            browser.reload().await;
            browser.see("Hello, Ada Lovelace").await;
            browser.see("This device").await;
            stage.app.clock.advance(Duration::from_hours(24 * 31));
            browser.reload().await;

            browser.arrive("/sign-in?return_to=/profile").await;
            browser.fill("Email address", EMAIL).await;
            browser.fill("Password", PASSWORD).await;
            browser.click("Sign in").await;
            browser.arrive("/profile").await;
            browser.see("This device").await;
            browser.see_no("Sign out Chrome").await;
        },
    );
}

#[test]
fn a_magic_link_works_for_ten_minutes() {
    story_in_process(
        "late_magic_link",
        |_| (),
        async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;

            magic_link::ask(&browser).await;
            let late = link(stage, EMAIL, 2).await;
            stage.app.clock.advance(Duration::from_mins(11));
            find_dead(&browser, &late).await;
            let new = link(stage, EMAIL, 3).await;
            stage.app.clock.advance(Duration::from_mins(9));
            browser.goto(&new).await;

            browser.see("Hello, Ada Lovelace").await;
        },
    );
}

#[test]
fn a_verification_works_for_an_hour() {
    story_in_process(
        "late_verification",
        |_| (),
        async |stage| {
            stage.client().sign_up(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;

            let late = link(stage, EMAIL, 1).await;
            stage.app.clock.advance(Duration::from_mins(61));
            find_dead(&browser, &late).await;
            let new = link(stage, EMAIL, 2).await;
            stage.app.clock.advance(Duration::from_mins(59));
            browser.goto(&new).await;
            // Another browser made the sign-up.
            browser.fill("Password", PASSWORD).await;
            browser.click("Continue").await;

            browser.see("Hello, Ada Lovelace").await;
        },
    );
}

#[test]
fn a_link_to_a_new_password_works_for_an_hour_even_with_its_page_open() {
    story_in_process(
        "late_reset",
        |_| (),
        async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;
            browser.allow(403, "/api/reset-password");
            stage.client().send_reset(EMAIL).await;

            browser.goto(&link(stage, EMAIL, 2).await).await;
            browser.see("Choose a new password").await;
            stage.app.clock.advance(Duration::from_mins(61));
            browser.fill("New password", "another horse battery").await;
            browser.press(Key::Enter).await;

            browser.see("This link no longer works").await;
            assert_eq!(stage.client().sign_in(EMAIL, PASSWORD).await.status, 200);
        },
    );
}

#[test]
fn a_link_to_a_new_address_works_for_an_hour() {
    story_in_process(
        "late_change_email",
        |_| (),
        async |stage| {
            let client = stage.client();
            client.join(NAME, EMAIL, PASSWORD).await;
            client.change_email(PASSWORD, "new@example.com").await;
            let browser = stage.open_browser().await;

            let late = link(stage, "new@example.com", 1).await;
            stage.app.clock.advance(Duration::from_mins(61));
            browser.goto(&late).await;

            browser.see("This link no longer works").await;
            assert_eq!(client.sign_in(EMAIL, PASSWORD).await.status, 200);
        },
    );
}
