//! What the pages look like, for people to see, and the rules that a program can check.

use image::ImageFormat;
use support::{Browser, picture, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const PHONE: u32 = 390;
const DESK: u32 = 1280;
/// The width at which nothing may need sideways scrolling (WCAG 2.2, 1.4.10).
const NARROWEST: u32 = 320;

/// Looks at a page in every size and colour.
async fn look(browser: &Browser, name: &str) {
    for (dark, colours) in [(false, "light"), (true, "dark")] {
        browser.set_dark(dark).await;
        for width in [PHONE, DESK] {
            browser.resize(width, 844).await;
            browser.screenshot(&format!("{name}-{width}-{colours}")).await;
        }
        browser.check_accessibility().await;
    }
    browser.resize(NARROWEST, 640).await;
    assert_eq!(browser.overflow().await, 0, "{name} scrolls sideways");
}

#[test]
fn the_pages_of_a_signed_out_visitor() {
    story("appearance_signed_out", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow(404, "/no-such-page");
        for (path, name, text) in [
            ("/", "index", "Sign up"),
            ("/sign-in", "sign-in", "Password"),
            ("/sign-up", "sign-up", "Name"),
            ("/verify-email", "verify-email", "Send the link"),
            ("/magic-link", "magic-link", "Send the link"),
            ("/auth-redirect", "auth-redirect", "Sign in with a link"),
            ("/forgot-password", "forgot-password", "Send the link"),
            ("/reset-password", "reset-password", "Choose a new password"),
            ("/no-such-page", "not-found", "There is no page here"),
        ] {
            browser.goto(path).await;
            browser.see(text).await;
            look(&browser, name).await;
        }

        browser.goto("/sign-up").await;
        browser.fill("Email address", "ada").await;
        browser.click("Sign up").await;
        browser.see("Please correct these fields:").await;
        look(&browser, "sign-up-refused").await;
        browser.goto("/magic-link").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("Check your mail").await;
        look(&browser, "check-mail").await;
    });
}

#[test]
fn the_profile() {
    story(
        "appearance_profile",
        &[("CONFIRM_EMAIL", "false")],
        async |stage| {
            let elsewhere = stage.client();
            elsewhere.join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;
            sign_in(&browser, EMAIL, PASSWORD).await;
            browser.see("This device").await;
            look(&browser, "profile-initials").await;

            let photo = picture(640, 480, ImageFormat::Png);
            elsewhere.put_avatar(photo, "image/png").await;
            browser.reload().await;
            browser
                .wait_until("document.querySelector('main .avatar img')?.complete")
                .await;
            browser.see("This device").await;
            browser.click("Change name").await;
            look(&browser, "profile-rename").await;
            browser.goto("/profile?plain").await;
            browser.see("Save").await;
            look(&browser, "profile-plain").await;
            browser.goto("/").await;
            browser.see("Go to your profile").await;
            look(&browser, "index-signed-in").await;
            browser.goto("/security").await;
            browser.see("This device").await;
            look(&browser, "security").await;
            browser.click("Delete my account").await;
            browser.see("Delete your account for ever?").await;
            look(&browser, "security-leave").await;
        },
    );
}
