//! Wrong password, unknown and taken address, dead link, empty fields.

use serde_json::json;
use support::{Browser, Key, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn a_wrong_password_and_an_unknown_address_are_told_the_same() {
    story("wrong_password", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow(401, "/api/sign-in");

        let mut told = Vec::new();
        for email in [EMAIL, "nobody@example.com"] {
            sign_in(&browser, email, "not the password").await;
            browser
                .wait_until("document.querySelector('main [role=alert]')")
                .await;
            let alert = "return document.querySelector('main [role=alert]').innerText";
            told.push(browser.script(alert, serde_json::json!([])).await);
            assert_eq!(browser.value("Email address").await, email);
            assert_eq!(browser.value("Password").await, "");
            assert_eq!(browser.title().await, "Error: Sign in · Latchkey");
        }

        assert_eq!(told[0], told[1]);
        assert_ne!(told[0], "");
        assert_eq!(browser.path().await, "/sign-in");
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign in").await;
        browser.arrive("/profile").await;
    });
}

#[test]
fn a_taken_address_is_told_only_to_its_owner() {
    story("taken_address", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;

        browser.goto("/sign-up").await;
        browser.fill("Name", "Somebody else").await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", "another good password").await;
        browser.click("Sign up").await;

        browser.see("Check your mail").await;
        let mail = stage.client().last_mail_to(EMAIL).await;
        assert!(mail.text.contains("already"), "{mail:?}");
        browser.click("Wrong address?").await;
        assert_eq!(browser.value("Email address").await, EMAIL);
        assert_eq!(browser.value("Name").await, "Somebody else");
    });
}

#[test]
fn a_taken_address_stands_beside_its_field_where_altogic_tells_it() {
    let env = [("ALTOGIC_COMPAT_ERRORS", "1")];
    story("taken_address_told", &env, async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow(400, "/api/sign-up");

        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;

        browser.click("Sign in instead").await;
        browser.arrive("/sign-in").await;
    });
}

/// Only the browser that signed up is told that its address is not verified.
async fn sign_up(browser: &Browser) {
    browser.goto("/sign-up").await;
    browser.fill("Name", NAME).await;
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign up").await;
    browser.see("Check your mail").await;
}

#[test]
fn an_address_not_verified_yet_can_have_its_mail_again() {
    story("not_verified", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow(401, "/api/sign-in");
        sign_up(&browser).await;

        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.click("Send the verification mail again").await;

        browser.see("Check your mail").await;
        let mail = stage.client().last_mail_to(EMAIL).await;
        browser.goto(mail.link()).await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

/// Each form's default button: what Enter presses, and whether it sends the form elsewhere.
const ELSEWHERE: &str = "
    return [...document.forms].filter((form) =>
        [...form.elements].find(({ type }) => type === 'submit')?.hasAttribute('formaction')).length";

#[test]
fn enter_signs_in_after_an_address_was_not_verified_yet() {
    story("not_verified_enter", &[], async |stage| {
        let client = stage.client();
        let browser = stage.open_browser().await;
        browser.allow(401, "/api/sign-in");
        sign_up(&browser).await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("Send the verification mail again").await;
        assert_eq!(browser.script(ELSEWHERE, json!([])).await, json!(0));
        let mail = client.last_mail_to(EMAIL).await;
        let link = client.open_link(&mail).await;
        client.auth_redirect_with_password(&link, PASSWORD).await;

        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Enter).await;

        browser.arrive("/profile").await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn a_dead_link_says_so_and_offers_a_new_one() {
    story("dead_link", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let used = stage.client().last_mail_to(EMAIL).await;
        let browser = stage.open_browser().await;
        browser.allow(403, "/api/auth-redirect");

        browser.goto(used.link()).await;
        browser.see("This link no longer works").await;
        browser.arrive("/auth-redirect").await;
        browser
            .goto("/auth-redirect?access_token=never-was&action=magic-link")
            .await;
        browser.see("This link no longer works").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;

        browser.see("Check your mail").await;
        let new = stage.client().last_mail_to(EMAIL).await;
        browser.goto(new.link()).await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn empty_fields_are_refused_beside_them_without_a_request() {
    story("empty_fields", &[], async |stage| {
        let browser = stage.open_browser().await;

        browser.goto("/sign-up").await;
        browser.fill("Email address", "ada").await;
        browser.click("Sign up").await;

        browser.see("Please correct these fields:").await;
        for (field, message) in [
            ("name", "Enter your name."),
            ("email", "Enter an email address like name@example.com."),
            ("password", "Choose a password."),
        ] {
            let described = format!(
                "document.getElementById('{field}').getAttribute('aria-invalid') === 'true' &&
                 document.getElementById('{field}-error').innerText === '{message}' &&
                 document.getElementById('{field}').getAttribute('aria-describedby').includes('{field}-error')"
            );
            browser.wait_until(&described).await;
        }
        assert_eq!(browser.value("Email address").await, "ada");
        assert_eq!(browser.title().await, "Error: Sign up · Latchkey");
    });
}
