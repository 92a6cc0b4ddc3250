//! Every page can be opened by its address and loaded again; what cannot start says why.

use support::{Key, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn every_page_opens_by_its_address_and_survives_a_reload() {
    story("deep_links", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow(404, "/no-such-page");
        for (path, title, text) in [
            ("/", "Welcome", "Sign up"),
            ("/sign-in", "Sign in", "Password"),
            ("/sign-up", "Sign up", "Name"),
            ("/magic-link", "Sign in with a link", "Send the link"),
            ("/auth-redirect", "Open your mail", "Sign in with a link"),
            ("/forgot-password", "Forgot your password?", "Send the link"),
            ("/reset-password", "Open your mail", "Choose a new password"),
            ("/no-such-page", "Not found", "There is no page here"),
        ] {
            browser.goto(path).await;
            for _ in 0..2 {
                browser.see(text).await;
                browser.arrive(path).await;
                assert_eq!(browser.title().await, format!("{title} · Latchkey"));
                browser.reload().await;
            }
        }

        browser.goto("/profile").await;
        browser.arrive("/sign-in?return_to=/profile").await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.arrive("/profile").await;
        for (path, text) in [
            ("/profile", "Hello, Ada Lovelace"),
            ("/security", "Change password"),
            ("/", "Go to your profile"),
        ] {
            browser.goto(path).await;
            browser.see(text).await;
            browser.reload().await;
            browser.see(text).await;
            browser.arrive(path).await;
        }
        browser.goto("/sign-in").await;
        browser.arrive("/profile").await;
    });
}

#[test]
fn a_page_whose_app_does_not_come_says_so() {
    story("app_does_not_come", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow_text("net::ERR_BLOCKED_BY_CLIENT");
        browser.allow_text("Failed to fetch");

        for files in ["*.wasm", "*.js"] {
            browser.block(files).await;
            browser.goto("/sign-in").await;

            browser.see("Latchkey could not start").await;
        }
    });
}

#[test]
fn pages_that_come_later_are_asked_for_again_after_a_failure() {
    story("later_pages", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow_text("net::ERR_BLOCKED_BY_CLIENT");
        browser.allow_text("Failed to fetch");

        browser.block("*_profile.wasm").await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("your profile cannot be shown right now").await;
        browser.unblock().await;
        browser.click("Try again").await;
        browser.see("Hello, Ada Lovelace").await;
        browser.arrive("/profile").await;

        browser.block("*_account.wasm").await;
        browser.goto("/profile").await;
        browser.see("Hello, Ada Lovelace").await;
        browser.see("Try again").await;
        browser.unblock().await;
        browser.click("Try again").await;
        browser.see("This device").await;
        browser.see("Add a picture").await;
    });
}

/// Never lets the file of the list come, and no file of the visitors' pages.
const ONLY_THE_LIST_IS_ON_ITS_WAY: &str = r"
    const ask = fetch;
    globalThis.fetch = (what, ...rest) => {
        const url = what?.url ?? String(what);
        if (/-[0-9a-f]{16}_account\.wasm/.test(url)) return new Promise(() => {});
        if (!/-[0-9a-f]{16}_visitor\.wasm/.test(url)) return ask(what, ...rest);
        globalThis.visitorsFailed = true;
        return Promise.reject(new TypeError('Failed to fetch'));
    };
";

#[test]
fn the_list_of_browsers_waits_for_its_own_file_only() {
    story("own_file", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow_text("Failed to fetch");
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;

        browser.before_load(ONLY_THE_LIST_IS_ON_ITS_WAY).await;
        browser.goto("/profile").await;
        browser.see("Hello, Ada Lovelace").await;
        // At the first key all files are fetched.
        browser.press(Key::Tab).await;
        browser.wait_until("globalThis.visitorsFailed").await;
        browser.draw().await;

        let text = browser.text().await;
        assert!(
            text.contains("Where you are signed in") && !text.contains("Try again"),
            "{text}"
        );
    });
}
