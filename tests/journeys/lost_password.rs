//! A password forgotten, and a new one chosen by the mail's link.

use support::{Key, eventually, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const NEW: &str = "another horse battery";

#[test]
fn a_forgotten_password_is_replaced_by_mail() {
    story("lost_password", &[], async |stage| {
        let elsewhere = stage.client();
        elsewhere.join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;

        browser.goto("/sign-in").await;
        browser.click("Forgot your password?").await;
        browser.arrive("/forgot-password").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("Check your mail").await;
        let mails = eventually(async || {
            let mails = elsewhere.mails_to(EMAIL).await;
            (mails.len() == 2).then_some(mails)
        });
        let link = mails.await.expect("the mail arrives")[0].link().to_owned();

        browser.goto(&link).await;
        browser.arrive("/reset-password").await;
        browser.see("Choose a new password").await;
        browser.see(EMAIL).await;
        browser.fill("New password", "short").await;
        browser.press(Key::Enter).await;
        browser.see("Use at least 8 characters.").await;
        browser.fill("New password", NEW).await;
        browser.press(Key::Enter).await;
        browser.see("Your password is changed").await;

        sign_in(&browser, EMAIL, NEW).await;
        browser.arrive("/profile").await;
        assert_eq!(elsewhere.profile().await.status, 401);
        let other = stage.open_browser().await;
        other.allow(403, "/api/auth-redirect");
        other.goto(&link).await;
        other.see("This link no longer works").await;
    });
}

#[test]
fn the_page_without_a_link_says_where_to_get_one() {
    story("reset_without_link", &[], async |stage| {
        let browser = stage.open_browser().await;

        browser.goto("/reset-password").await;
        browser.click("Choose a new password").await;

        browser.arrive("/forgot-password").await;
    });
}
