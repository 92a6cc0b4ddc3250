//! A session that ends while its page is in use (UI-CHECKS U26).

use serde_json::json;
use support::{Browser, Client, Key, picture, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const NO_MAIL: (&str, &str) = ("CONFIRM_EMAIL", "false");
const NEW: &str = "another horse battery";

/// Notes the calls of our API that are made from now on.
const COUNT: &str = "
    globalThis.calls = [];
    const ask = fetch;
    globalThis.fetch = (what, how) => {
        calls.push(what.method + ' ' + new URL(what.url ?? what, location).pathname);
        return ask(what, how);
    };
";

async fn open(browser: &Browser, client: &Client, page: &str) {
    client.join(NAME, EMAIL, PASSWORD).await;
    for path in ["profile", "sessions", "change-password", "sign-in", "avatar"] {
        browser.allow(401, &format!("/api/{path}"));
    }
    sign_in(browser, EMAIL, PASSWORD).await;
    browser.see("This device").await;
    browser.goto(page).await;
    browser.see("This device").await;
    browser.script(COUNT, json!([])).await;
}

async fn sign_in_again(browser: &Browser) {
    browser.see("You were signed out").await;
    browser.fill("Password", PASSWORD).await;
    browser.press(Key::Enter).await;
}

#[test]
fn what_was_typed_stays_and_is_sent_once_more_after_signing_in_again() {
    story("ended_while_typing", &[NO_MAIL], async |stage| {
        let client = stage.client();
        let browser = stage.open_browser().await;
        open(&browser, &client, "/security").await;
        browser.fill("Current password", PASSWORD).await;
        browser.fill("New password", NEW).await;
        client.end_other_sessions().await;

        browser.press(Key::Enter).await;
        browser.see("You were signed out").await;
        browser.check_accessibility().await;
        browser.fill("Password", "not the password").await;
        browser.press(Key::Enter).await;
        browser.see("This is not your password.").await;
        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Enter).await;

        browser.see("Your password is changed.").await;
        browser.arrive("/security").await;
        let calls = browser.script("return calls", json!([])).await;
        let sent = |call: &str| {
            let calls = calls.as_array().unwrap();
            calls.iter().filter(|one| *one == call).count()
        };
        assert_eq!(sent("POST /api/change-password"), 2, "{calls}");
        assert_eq!(client.sign_in(EMAIL, NEW).await.status, 200);
    });
}

#[test]
fn a_name_and_a_picture_survive_the_end_of_a_session() {
    story("ended_profile", &[NO_MAIL], async |stage| {
        let client = stage.client();
        let browser = stage.open_browser().await;
        open(&browser, &client, "/profile").await;
        browser.click("Change name").await;
        browser.fill("Name", "Ada King").await;
        client.end_other_sessions().await;
        browser.click("Save").await;
        sign_in_again(&browser).await;
        browser.see("Hello, Ada King").await;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("picture.png");
        std::fs::write(&file, picture(40, 40, image::ImageFormat::Png)).unwrap();
        client.end_other_sessions().await;
        browser.choose_file("Add a picture", &file).await;
        sign_in_again(&browser).await;
        browser.see("Your picture is changed.").await;
    });
}

#[test]
fn a_session_that_ends_unseen_is_asked_for_when_the_page_is_looked_at_again() {
    story("ended_unseen", &[NO_MAIL], async |stage| {
        let client = stage.client();
        let browser = stage.open_browser().await;
        open(&browser, &client, "/security").await;
        browser.fill("New password", NEW).await;
        client.end_other_sessions().await;

        let look = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))";
        browser.script(look, json!([])).await;
        browser.see("You were signed out").await;
        browser.press(Key::Escape).await;
        browser.see_no("You were signed out").await;
        assert_eq!(browser.value("New password").await, NEW);
        browser.script(look, json!([])).await;
        browser.click("Sign in another way").await;
        browser.arrive("/sign-in?return_to=/security").await;
    });
}
