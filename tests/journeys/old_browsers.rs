//! Browsers that lack something which the app needs are offered what works without it.

use support::{Browser, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const NO_MAIL: (&str, &str) = ("CONFIRM_EMAIL", "false");

/// As in Safari 15, Chrome 97 to 102 and Firefox before 100.
const NO_TIMEOUT: &str = "delete AbortSignal.timeout";

/// What browsers lack, each as its absence shows.
const LACKS: [&str; 4] = [
    "delete globalThis.WebAssembly",
    "delete globalThis.AbortSignal; delete globalThis.AbortController",
    // Code with instructions that it does not know.
    "const refuse = async () => { throw new WebAssembly.CompileError('unknown opcode') };
     WebAssembly.instantiateStreaming = WebAssembly.instantiate = WebAssembly.compile = refuse",
    // A start script that it cannot read does not run at all.
    "Object.defineProperty(globalThis, 'starts', { value: undefined })",
];

async fn signed_in(browser: &Browser) {
    sign_in(browser, EMAIL, PASSWORD).await;
    browser.see("This device").await;
}

#[test]
fn the_app_runs_without_timeouts_of_requests() {
    story("no_timeouts", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.before_load(NO_TIMEOUT).await;

        signed_in(&browser).await;
        browser.reload().await;
        browser.see("This device").await;
        browser.click("Change name").await;
        browser.fill("Name", "Ada King").await;
        browser.click("Save").await;
        browser.see("Hello, Ada King").await;
    });
}

#[test]
fn a_browser_that_cannot_run_the_app_is_offered_pages_and_forms_without_it() {
    for (number, lack) in LACKS.into_iter().enumerate() {
        let name = ["no_wasm", "no_abort", "no_opcode", "no_start"][number];
        story(name, &[NO_MAIL], async |stage| {
            stage.client().join(NAME, EMAIL, PASSWORD).await;
            let browser = stage.open_browser().await;
            for text in [
                "WebAssembly",
                "AbortSignal",
                "AbortController",
                "unknown opcode",
                "starts",
            ] {
                browser.allow_text(text);
            }
            signed_in(&browser).await;
            browser.before_load(lack).await;

            for page in ["/profile", "/security"] {
                browser.goto(page).await;
                browser.arrive("/profile?plain").await;
                browser.see("Hello, Ada Lovelace").await;
            }
            browser.click("Sign out").await;
            browser.arrive("/sign-in").await;
            browser.see("Latchkey could not start").await;
            browser
                .goto("/auth-redirect?access_token=never-was&action=magic-link")
                .await;
            browser.see("Continue in this browser?").await;
            browser.see_no("Loading…").await;
            browser.goto("/sign-in").await;
            browser.fill("Email address", EMAIL).await;
            browser.fill("Password", PASSWORD).await;
            browser.click("Sign in").await;
            browser.arrive("/profile?plain").await;
        });
    }
}

/// Runs the app, and none of the files that come later.
const NO_LATER_FILE: &str = r"
    const run = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (code, imports) => {
        const answer = await code;
        if (/_bg\.wasm/.test(answer.url)) return run(answer, imports);
        throw new WebAssembly.CompileError('out of memory');
    };
";

#[test]
fn a_file_that_the_browser_cannot_run_is_not_the_connections_fault() {
    story("no_later_file", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow_text("out of memory");
        browser.before_load(NO_LATER_FILE).await;

        sign_in(&browser, EMAIL, PASSWORD).await;

        browser.see("This browser cannot run this page.").await;
        let text = browser.text().await;
        assert!(!text.contains("connection"), "{text}");
        browser.click("Open the simple page").await;
        browser.arrive("/profile?plain").await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn what_stands_for_the_app_shows_without_the_newest_selectors() {
    story("old_selectors", &[], async |stage| {
        let page = stage
            .client()
            .get("/auth-redirect?access_token=a&action=magic-link")
            .await;

        assert!(page.body.contains("<noscript><style>"), "{}", page.body);
        for new in ["scripting:", ":has(.without-app)"] {
            assert!(!page.body.contains(new), "{new}");
        }
        let browser = stage.open_browser().await;
        browser.without_scripts().await;
        browser
            .goto("/auth-redirect?access_token=a&action=magic-link")
            .await;
        browser.see("Continue in this browser?").await;
        browser.see_no("Loading…").await;
    });
}
