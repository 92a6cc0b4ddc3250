//! Sign up, mail, verify, profile, rename, avatar, reload, sign out.

use image::ImageFormat;
use support::{Browser, Client, Key, picture, story};

use crate::{EMAIL, NAME, PASSWORD};

/// True when the avatar is on the screen, as the small square that the server made of it.
const AVATAR_SHOWN: &str = "document.querySelector('main .avatar img')?.naturalWidth === 96";

#[test]
fn a_first_visit_goes_from_sign_up_to_sign_out() {
    story("first_visit", &[], async |stage| {
        let browser = stage.open_browser().await;
        visit(&browser, &stage.client()).await;
    });
}

/// The whole visit; `mailbox` is at the server that mails.
pub async fn visit(browser: &Browser, mailbox: &Client) {
    browser.goto("/").await;
    browser.click("Sign up").await;
    browser.arrive("/sign-up").await;
    assert_eq!(browser.focused().await, "Sign up");
    browser.fill("Name", NAME).await;
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.press(Key::Enter).await;
    browser.see("Check your mail").await;
    browser.see(EMAIL).await;

    let mail = mailbox.last_mail_to(EMAIL).await;
    browser.goto(mail.link()).await;
    browser.arrive("/profile").await;
    browser.see("Hello, Ada Lovelace").await;
    browser.see("This device").await;
    assert_eq!(browser.title().await, "Profile · Latchkey");

    rename(browser).await;

    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let photo = folder.path().join("photo.jpg");
    std::fs::write(&photo, picture(1200, 800, ImageFormat::Jpeg)).expect("files can be written");
    browser.choose_file("Add a picture", &photo).await;
    browser.see("Your picture is changed.").await;
    browser.reload().await;
    browser.see("Hello, Ada King").await;
    browser.wait_until(AVATAR_SHOWN).await;

    browser.click("Sign out").await;
    browser.arrive("/sign-in").await;
    browser.see("You are signed out.").await;
    browser.goto("/profile").await;
    browser.arrive("/sign-in?return_to=/profile").await;
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.arrive("/profile").await;
    browser.see("Hello, Ada King").await;
}

/// In place: Escape keeps the old name, nothing is refused, Enter saves.
async fn rename(browser: &Browser) {
    browser.click("Change name").await;
    assert_eq!(browser.value("Name").await, NAME);
    browser.fill("Name", "Somebody else").await;
    browser.press(Key::Escape).await;
    browser.see("Hello, Ada Lovelace").await;

    browser.click("Change name").await;
    browser.fill("Name", " ").await;
    browser.press(Key::Enter).await;
    browser.see("Enter your name.").await;

    browser.fill("Name", "Ada King").await;
    browser.press(Key::Enter).await;
    browser.see("Hello, Ada King").await;
    browser.see("Your name is changed.").await;
}
