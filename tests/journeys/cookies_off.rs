//! A browser that keeps no cookies is told so.

use support::story;

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const TOLD: &str = "This browser does not keep cookies for this site";

#[test]
fn the_right_password_without_cookies_says_what_is_missing() {
    story("cookies_off", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser_without_cookies().await;

        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see(TOLD).await;
        assert_eq!(browser.path().await, "/sign-in");
        assert_eq!(browser.value("Email address").await, EMAIL);

        browser.goto("/sign-up").await;
        browser.fill("Name", "Ada King").await;
        browser.fill("Email address", "king@example.com").await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see(TOLD).await;
    });
}

#[test]
fn without_scripts_and_cookies_the_way_in_says_what_is_missing() {
    story(
        "cookies_off_plain",
        &[("CONFIRM_EMAIL", "false")],
        async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser_without_cookies().await;
            browser.without_scripts().await;

            sign_in(&browser, EMAIL, PASSWORD).await;

            browser.see(TOLD).await;
        },
    );
}
