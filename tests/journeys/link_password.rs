//! The link of a sign-up that another browser began: the page asks for its password. The server's
//! part of this is told by a script, so that each answer is seen.

use serde_json::json;
use support::{Browser, Key, story};

use crate::{EMAIL, NAME, PASSWORD};

/// Answers for the route: a password is needed, this one is right, a new one must not be common.
const ROUTE: &str = r"
    globalThis.asked = [];
    const ask = fetch;
    const reply = (status, body) => new Response(JSON.stringify(body), {
        status, headers: { 'content-type': 'application/json' },
    });
    const refused = (status, code, message, details) => reply(status, {
        errors: { status, statusText: '', items: [{ origin: 'client_error', code, message, details }] },
    });
    globalThis.fetch = async (what, how) => {
        if (new URL(what.url ?? what, location).pathname !== '/api/auth-redirect') return ask(what, how);
        const { password, new_password, confirmed } = await what.clone().json();
        asked.push({ password, new_password, confirmed });
        if (password === undefined && new_password === undefined)
            return reply(202, { user: null, email: 'ada@example.com', needs: 'password' });
        if (new_password === 'password1')
            return refused(400, 'validation_error', 'This password is too common.', { field: 'new_password' });
        if (password !== undefined && password !== 'correct horse battery')
            return refused(401, 'invalid_credentials', 'No.');
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' });
        return ask('/api/sign-in', { method: 'POST', headers, body });
    };
";

async fn open(browser: &Browser) {
    browser.before_load(ROUTE).await;
    browser
        .goto("/auth-redirect?access_token=a-secret&action=email-confirm")
        .await;
    browser.see("Enter your password").await;
    browser.see(EMAIL).await;
    browser.arrive("/auth-redirect").await;
}

#[test]
fn the_password_of_the_sign_up_opens_its_link_in_another_browser() {
    story("link_password", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        open(&browser).await;
        browser.check_accessibility().await;

        browser.press(Key::Tab).await;
        browser.fill("Password", "not the password").await;
        browser.press(Key::Enter).await;
        browser.see("This is not your password.").await;
        assert_eq!(browser.focused().await, "Password");
        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Enter).await;

        browser.arrive("/profile").await;
        browser.see("Hello, Ada Lovelace").await;
        let asked = browser
            .script("return asked.map((one) => !!one.confirmed)", json!([]))
            .await;
        assert_eq!(asked, json!([false, true, true]));
    });
}

#[test]
fn whoever_chose_no_password_sets_a_new_one() {
    story(
        "link_new_password",
        &[("CONFIRM_EMAIL", "false")],
        async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;
            open(&browser).await;
            browser.screenshot("link-password-1280").await;
            browser.click("I did not choose a password").await;
            browser.see("At least 8 characters of any kind.").await;
            browser.check_accessibility().await;
            browser.screenshot("link-new-password-1280").await;

            browser.fill("New password", "short").await;
            browser.press(Key::Enter).await;
            browser.see("Use at least 8 characters.").await;
            browser.fill("New password", "password1").await;
            browser.press(Key::Enter).await;
            browser.see("This password is too common.").await;
            assert_eq!(browser.focused().await, "New password");
            browser.fill("New password", "another horse battery").await;
            browser.press(Key::Enter).await;

            browser.arrive("/profile").await;
        },
    );
}

/// T-45: the newest mail is a stranger's sign-up, opened in the owner's browser, over the real route.
#[test]
fn a_strangers_sign_up_signs_its_reader_in_only_with_a_new_password() {
    story("strangers_sign_up", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see("Check your mail").await;
        let stranger = stage.client();
        stranger.last_mail_to(EMAIL).await;
        stranger.sign_up("Eve", EMAIL, "the stranger's choice").await;
        let newest = stranger.last_mail_to(EMAIL).await;

        browser.goto(newest.link()).await;
        browser.see("Enter your password").await;
        browser.see(EMAIL).await;
        browser.click("I did not choose a password").await;
        browser.fill("New password", "a brand new password").await;
        browser.click("Set the new password").await;
        browser.see("Hello, Eve").await;

        for (password, status) in [("the stranger's choice", 401), ("a brand new password", 200)] {
            let reply = stage.client().sign_in(EMAIL, password).await;
            assert_eq!(reply.status, status, "{reply:?}");
        }
    });
}
