//! Small things of pages: where the caret is, what moves, paper, and a person's own colours.

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{Browser, Key, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const NO_MAIL: (&str, &str) = ("CONFIRM_EMAIL", "false");

async fn look(browser: &Browser, script: &str) -> Value {
    browser.script(script, json!([])).await
}

#[test]
fn the_question_before_leaving_tells_all_that_is_wrong_at_once() {
    story("leave_refused", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.click("Password, address and security").await;
        browser.click("Delete my account").await;
        browser
            .fill("The address of the account", "another@example.com")
            .await;
        browser.click("Delete my account").await;

        browser.see("Please correct these fields:").await;
        for field in ["typed_email", "leave_password"] {
            browser
                .wait_until(&format!("document.querySelector('#{field}[aria-invalid]')"))
                .await;
        }
    });
}

#[test]
fn a_corrected_error_leaves_no_hole() {
    story("no_hole", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.goto("/sign-in").await;
        let height = "return document.querySelector('form').offsetHeight";
        let before = look(&browser, height).await;
        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Enter).await;
        browser.see("Enter your email address.").await;
        assert_ne!(look(&browser, height).await, before);

        browser.fill("Email address", EMAIL).await;
        browser.press(Key::Tab).await;
        browser.see_no("Enter your email address.").await;
        assert_eq!(look(&browser, height).await, before);
    });
}

#[test]
fn renaming_starts_with_the_whole_name_chosen() {
    story("rename_caret", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.click("Change name").await;
        browser.wait_until("document.activeElement.id === 'name'").await;

        browser.press("Ada King").await;

        assert_eq!(browser.value("Name").await, "Ada King");
    });
}

/// What can be clicked and is seen.
const BUTTONS: &str = "
    return [...document.querySelectorAll('button, .button, .link, .chip')]
        .filter((element) => element.checkVisibility() && element.offsetWidth > 1)
        .map((element) => element.innerText)";

#[test]
fn paper_shows_no_buttons() {
    story("paper", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        for page in ["/sign-in", "/sign-up", "/"] {
            browser.goto(page).await;
            browser.set_print(true).await;
            assert_eq!(look(&browser, BUTTONS).await, json!([]), "{page}");
            browser.set_print(false).await;
        }
        sign_in(&browser, EMAIL, PASSWORD).await;
        for page in ["/profile", "/security"] {
            browser.goto(page).await;
            browser.see("This device").await;
            browser.set_print(true).await;
            assert_eq!(look(&browser, BUTTONS).await, json!([]), "{page}");
            browser.set_print(false).await;
        }
    });
}

/// How elements look, as far as forced colours leave it to the page.
const LOOK: &str = "
    return [...document.querySelectorAll(arguments[0])].map((element) => {
        const style = getComputedStyle(element);
        return ['backgroundColor', 'color', 'borderTopStyle', 'borderTopWidth'].map((name) => style[name]).join();
    })";

#[test]
fn in_forced_colours_kinds_of_buttons_and_refused_fields_differ() {
    story("forced_colours", &[NO_MAIL], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.force_colours().await;
        browser.goto("/sign-in").await;
        browser.fill("Password", PASSWORD).await;
        browser.press(Key::Enter).await;
        browser.see("Enter your email address.").await;
        // Away from the field, whose frame says where the focus is.
        browser.press(Key::Tab + Key::Tab).await;
        let fields = browser.script(LOOK, json!([".input input"])).await;
        assert_ne!(fields[0], fields[1], "a refused field looks like another one");
        browser.screenshot("forced-sign-in").await;

        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;
        browser.goto("/security").await;
        browser.see("This device").await;
        browser.click("Delete my account").await;
        browser.see("Delete your account for ever?").await;
        browser.screenshot("forced-leave").await;
        let mut looks = HashSet::new();
        for kind in [
            "form:not(dialog *) .button[type=submit]",
            "dialog .button.quiet",
            "dialog .button.danger",
        ] {
            let look = browser.script(LOOK, json!([kind])).await;
            assert!(
                looks.insert(look[0].to_string()),
                "{kind} looks like another: {look}"
            );
        }
    });
}

/// Holds the list of devices back.
const HOLD_LIST: &str = "
    const held = new Promise((go) => { globalThis.release = go; });
    const ask = fetch;
    globalThis.fetch = async (what, how) => {
        if (new URL(what.url ?? what, location).pathname === '/api/sessions') await held;
        return ask(what, how);
    };
    globalThis.shift = 0;
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) shift += value;
    }).observe({ type: 'layout-shift', buffered: true });";

#[test]
fn nothing_moves_when_the_list_of_devices_comes() {
    story("list_comes", &[NO_MAIL], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        for _ in 0..4 {
            stage.client().sign_in(EMAIL, PASSWORD).await;
        }
        let browser = stage.open_browser().await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;
        browser.before_load(HOLD_LIST).await;
        for (width, height) in [(390, 2400), (1280, 900)] {
            browser.resize(width, height).await;
            for (page, text) in [("/security", "Delete my account"), ("/profile", "Sign out")] {
                browser.goto(page).await;
                browser.see(text).await;
                browser.see("Where you are signed in").await;
                browser.draw().await;
                browser.script("release()", json!([])).await;
                browser.see("This device").await;
                browser.draw().await;
                assert_eq!(
                    look(&browser, "return shift").await,
                    json!(0),
                    "{page} at {width}"
                );
            }
        }
    });
}
