//! The pages before the app is there: what is typed, sent and seen until then.

use serde_json::{Value, json};
use support::{Browser, Key, story};

use crate::{EMAIL, NAME, PASSWORD};

const NO_MAIL: (&str, &str) = ("CONFIRM_EMAIL", "false");

/// Where everything is on the screen.
const BOXES: &str = "
    return [...document.querySelectorAll('#app *:not(noscript)')].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        const text = element.children.length ? '' : element.textContent;
        return `${element.localName} ${[x, y, width, height].map(Math.round)} ${text}`;
    })";

async fn boxes(browser: &Browser) -> Value {
    browser.script(BOXES, json!([])).await
}

#[test]
fn nothing_moves_when_the_app_takes_over() {
    story("takeover", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow(404, "/no-such-page");
        browser.hold_app().await;
        for width in [390, 1280] {
            browser.resize(width, 900).await;
            for path in [
                "/",
                "/sign-in",
                "/sign-in?return_to=/security",
                "/sign-up",
                "/verify-email",
                "/magic-link",
                "/forgot-password",
                "/reset-password",
                "/no-such-page",
            ] {
                browser.goto(path).await;
                let (before, title) = (boxes(&browser).await, browser.title().await);
                assert!(before.as_array().is_some_and(|boxes| boxes.len() > 8), "{before}");
                browser.release_app().await;
                assert_eq!(boxes(&browser).await, before, "{path} at {width}");
                assert_eq!(browser.title().await, title, "{path}");
                assert_eq!(shifts(&browser).await, json!(0), "{path} at {width}");
            }
        }
    });
}

/// How many styles stand behind the content, and which elements would look otherwise without them.
const LOOKS: &str = "
    const looks = () => [...document.querySelectorAll('body *:not(script, style, noscript)')].map((element) =>
        [...getComputedStyle(element)].map((name) => getComputedStyle(element)[name]).join());
    const styles = [...document.styleSheets].filter(({ ownerNode }) => document.body.contains(ownerNode));
    const whole = looks();
    for (const style of styles) style.disabled = true;
    const parted = looks();
    const elements = [...document.querySelectorAll('body *:not(script, style, noscript)')];
    return [styles.length, elements.filter((_, i) => whole[i] !== parted[i]).map((element) => element.outerHTML)]";

#[test]
fn a_page_looks_the_same_before_its_later_style_is_read() {
    story("later_style", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.hold_app().await;
        for (path, later) in [
            ("/", 0),
            ("/sign-in", 1),
            ("/sign-in?return_to=/security", 1),
            ("/sign-up", 1),
            ("/magic-link", 1),
            ("/forgot-password", 1),
            ("/reset-password", 1),
            ("/verify-email", 1),
            ("/auth-redirect", 1),
        ] {
            browser.goto(path).await;
            assert_eq!(
                browser.script(LOOKS, json!([])).await,
                json!([later, []]),
                "{path}"
            );
        }
    });
}

/// The cards on the screen: left edge, width and upper edge.
const CARDS: &str = "
    return [...document.querySelectorAll('main .card')].map((card) => {
        const { x, y, width } = card.getBoundingClientRect();
        return [x, width, y].map(Math.round);
    })";

#[test]
fn a_skeleton_has_the_shape_of_its_page() {
    story("skeletons", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        crate::sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;
        browser.hold_app().await;
        let cards = async || -> Vec<[i64; 3]> {
            serde_json::from_value(browser.script(CARDS, json!([])).await).unwrap()
        };

        for width in [390, 1280] {
            browser.resize(width, 900).await;
            for path in ["/profile", "/security"] {
                browser.goto(path).await;
                let before = cards().await;
                browser.release_app().await;
                browser.see("This device").await;
                let after = cards().await;

                assert_eq!(columns(&before), columns(&after), "{path} at {width}");
                // What is below depends on names, and on how many devices there are.
                let [before, after] = [before[0], after[0]].map(|[_, _, top]| top);
                assert!(before.abs_diff(after) < 10, "{path} at {width}: {before} {after}");
            }
        }
    });
}

fn columns(cards: &[[i64; 3]]) -> Vec<[i64; 2]> {
    cards.iter().map(|[left, width, _]| [*left, *width]).collect()
}

/// The sum of all layout shifts since the page was opened.
async fn shifts(browser: &Browser) -> Value {
    let script = "
        const observer = new PerformanceObserver(() => {});
        observer.observe({ type: 'layout-shift', buffered: true });
        return observer.takeRecords().reduce((sum, shift) => sum + shift.value, 0)";
    browser.script(script, json!([])).await
}

#[test]
fn what_was_typed_before_the_app_came_is_kept() {
    story("typed_early", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.hold_app().await;
        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Left + Key::Left).await;
        let caret = "return document.activeElement.selectionStart";
        let at = browser.script(caret, json!([])).await;

        browser.release_app().await;

        assert_eq!(browser.focused().await, "Password");
        assert_eq!(browser.script(caret, json!([])).await, at);
        assert_eq!(browser.value("Name").await, NAME);
        assert_eq!(browser.value("Email address").await, EMAIL);
        assert_eq!(browser.value("Password").await, PASSWORD);
        browser.press(Key::Enter).await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn a_letter_that_is_being_composed_is_not_interrupted() {
    story("composing", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.hold_app().await;
        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        let compose = |event: &str| {
            format!(
                "document.activeElement.dispatchEvent(new CompositionEvent('{event}', {{ bubbles: true }}))"
            )
        };
        browser.script(&compose("compositionstart"), json!([])).await;

        browser.wait_until("releaseApp() && globalThis.appHasRun").await;
        let running = "return document.documentElement.classList.contains('running')";
        assert_eq!(browser.script(running, json!([])).await, json!(false));
        browser.script(&compose("compositionend"), json!([])).await;

        browser.release_app().await;
        assert_eq!(browser.script(running, json!([])).await, json!(true));
        assert_eq!(browser.value("Name").await, NAME);
    });
}

#[test]
fn a_form_sent_before_the_app_came_arrives() {
    story("sent_early", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow_text("401 (Unauthorized)");
        browser.hold_app().await;
        browser.goto("/sign-in?return_to=/security").await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", "not the password").await;
        browser.press(Key::Enter).await;
        browser.see("Email or password provided is invalid").await;
        assert_eq!(browser.value("Email address").await, EMAIL);
        let before = boxes(&browser).await;

        browser.release_app().await;

        assert_eq!(boxes(&browser).await, before, "the message stays");
        assert_eq!(browser.value("Email address").await, EMAIL);
        assert_eq!(browser.title().await, "Error: Sign in · Latchkey");
        browser.goto("/sign-in?return_to=/security").await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign in").await;
        browser.arrive("/security").await;
        browser.release_app().await;
        browser.see("Change password").await;
    });
}

/// Notes what a page's scripts ask for.
const COUNT: &str = "
    globalThis.asked = [];
    const ask = fetch;
    globalThis.fetch = (what, how) => {
        asked.push(new URL(what.url ?? what, location).pathname.replace(/-[0-9a-f]{16}/, ''));
        return ask(what, how);
    };
";

/// What was fetched, but for what the browser itself wants to know of the site.
const FILES: &str =
    "performance.getEntriesByType('resource').filter(({ name }) => !name.endsWith('manifest'))";

/// What was fetched with a page: calls of our API, and files, each as often as it was asked for.
async fn fetched(browser: &Browser) -> Vec<String> {
    let script = "
        const files = FILES.map(({ name }) => new URL(name).pathname);
        const calls = asked.filter((path) => path.startsWith('/api/'));
        const others = files.filter((path) => !path.startsWith('/api/'));
        return [...calls, ...others.map((path) => path.replace(/-[0-9a-f]{16}/, ''))].sort()";
    serde_json::from_value(browser.script(&script.replace("FILES", FILES), json!([])).await).unwrap()
}

/// Waits until this much was fetched; then it is this, and nothing else.
async fn assert_fetched(browser: &Browser, expected: &[String], when: &str) {
    let count = expected.len();
    browser.wait_until(&format!("{FILES}.length >= {count}")).await;
    assert_eq!(fetched(browser).await, expected, "{when}");
}

const FIRST: [&str; 2] = ["/frontend.js", "/frontend_bg.wasm"];
const VISITOR: [&str; 4] = [
    "/frontend_account_profile_visitor.wasm",
    "/frontend_account_visitor.wasm",
    "/frontend_profile_visitor.wasm",
    "/frontend_visitor.wasm",
];
/// The profile's file, and the other one for who is signed in.
const ACCOUNT: [&str; 6] = [
    "/frontend_account.wasm",
    "/frontend_account_profile.wasm",
    "/frontend_account_profile_visitor.wasm",
    "/frontend_account_visitor.wasm",
    "/frontend_profile.wasm",
    "/frontend_profile_visitor.wasm",
];

/// In the order of [`fetched`], each once.
fn files(parts: &[&[&str]]) -> Vec<String> {
    let mut files: Vec<_> = parts.concat().into_iter().map(str::to_owned).collect();
    files.sort();
    files.dedup();
    files
}

#[test]
fn everything_is_fetched_once_and_nothing_needless() {
    story("fetched_once", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow(404, "/no-such-page");
        browser.before_load(COUNT).await;
        for (path, parts) in [
            // The others come when the page is idle.
            ("/sign-in", files(&[&FIRST, &VISITOR])),
            ("/", files(&[&FIRST, &VISITOR])),
            ("/sign-up", files(&[&FIRST, &VISITOR])),
            ("/verify-email", files(&[&FIRST, &VISITOR])),
            ("/magic-link", files(&[&FIRST, &VISITOR])),
            ("/forgot-password", files(&[&FIRST, &VISITOR])),
            ("/reset-password", files(&[&FIRST, &VISITOR])),
            ("/auth-redirect", files(&[&FIRST, &VISITOR])),
            ("/no-such-page", files(&[&FIRST, &VISITOR])),
        ] {
            browser.goto(path).await;
            assert_fetched(&browser, &parts, path).await;
        }

        stage.client().join(NAME, EMAIL, PASSWORD).await;
        crate::sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("Hello, Ada Lovelace").await;
        let asks_who = ["/api/profile"];
        let lists = ["/api/profile", "/api/sessions"];
        let waits = ["/api/change-email", "/api/profile", "/api/sessions"];
        for (path, text, parts) in [
            ("/profile", "This device", files(&[&lists, &FIRST, &ACCOUNT])),
            ("/security", "This device", files(&[&waits, &FIRST, &ACCOUNT])),
            (
                "/forgot-password",
                "Profile",
                files(&[&asks_who, &FIRST, &VISITOR, &ACCOUNT]),
            ),
        ] {
            browser.goto(path).await;
            browser.see(text).await;
            assert_fetched(&browser, &parts, path).await;
        }
    });
}

#[test]
fn the_next_page_is_there_before_it_is_asked_for() {
    story("fetched_ahead", &[NO_MAIL], async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(COUNT).await;
        browser.goto("/sign-in").await;
        let visitors = files(&[&FIRST, &VISITOR]);
        assert_fetched(&browser, &visitors, "when idle").await;

        browser.click("Sign up").await;
        browser.see("Have an account?").await;
        assert_eq!(fetched(&browser).await, visitors);

        browser.fill("Name", NAME).await;
        let all = files(&[&FIRST, &VISITOR, &ACCOUNT]);
        assert_fetched(&browser, &all, "when somebody types").await;
    });
}
