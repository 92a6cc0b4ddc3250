//! Every page can be opened by its address and loaded again; what cannot start says why.

use support::{Key, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn every_page_opens_by_its_address_and_survives_a_reload() {
    story("deep_links", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow(404, "/no-such-page");
        let mut titles = std::collections::HashSet::new();
        for (path, title, text) in [
            ("/", "Welcome", "Sign up"),
            ("/sign-in", "Sign in", "Password"),
            ("/sign-up", "Sign up", "Name"),
            ("/magic-link", "Sign in with a link", "Send the link"),
            ("/verify-email", "Verify your address", "Send the link"),
            ("/auth-redirect", "Open your link", "Sign in with a link"),
            ("/forgot-password", "Forgot your password?", "Send the link"),
            (
                "/reset-password",
                "Choose a new password",
                "Choose a new password",
            ),
            ("/no-such-page", "Not found", "There is no page here"),
        ] {
            assert!(titles.insert(title), "two pages are called {title}");
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
fn a_page_has_one_address_with_or_without_a_slash_at_its_end() {
    story("slashes", &[], async |stage| {
        let browser = stage.open_browser().await;
        for (typed, page, text) in [
            ("/sign-in/", "/sign-in", "Password"),
            ("/sign-in/?x=y", "/sign-in?x=y", "Password"),
            ("/sign-up//", "/sign-up", "Name"),
            (
                "/security/",
                "/sign-in?return_to=/security",
                "Sign in to see that page.",
            ),
        ] {
            browser.goto(typed).await;
            browser.see(text).await;
            browser.arrive(page).await;
        }
        let client = stage.client();
        for path in [
            "/no-such-page/",
            "/no-such-page?status=200",
            "/sign-in/x/",
            "/404",
        ] {
            assert_eq!(client.get(path).await.status, 404, "{path}");
        }
    });
}

#[test]
fn what_browsers_and_programs_ask_for_unasked_is_there_or_is_no_page() {
    story("unasked", &[], async |stage| {
        let client = stage.client();
        for (path, media_type) in [
            ("/favicon.ico", "image/x-icon"),
            ("/apple-touch-icon.png", "image/png"),
            ("/icon-512.png", "image/png"),
            ("/manifest.webmanifest", "application/manifest+json"),
        ] {
            let reply = client.http.get(format!("{}{path}", stage.app.public_url));
            let reply = reply.send().await.unwrap();
            assert_eq!(reply.status(), 200, "{path}");
            assert_eq!(reply.headers()["content-type"], media_type, "{path}");
        }
        for path in [
            "/_storage/nothing",
            "/_storage/a/b/c",
            "/_storage/a/b/c/d",
            "/_auth/x/y/z",
            "/_x",
        ] {
            let reply = client.get(path).await;
            assert!(reply.status.is_client_error(), "{path}: {reply:?}");
            assert!(reply.body.starts_with('{'), "{path}: {reply:?}");
        }
        let page = client.get("/sign-in").await.body;
        for link in ["/apple-touch-icon.png", "/manifest.webmanifest"] {
            assert!(page.contains(link), "{link}");
        }
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
