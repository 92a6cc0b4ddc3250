//! A page that the browser translates: each text is replaced by elements that hold another.

use serde_json::json;
use support::{Browser, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

/// Does to texts what the translation of Chrome does: those that are there, and those that come.
/// What it says stays the same, so that a story can read it.
const TRANSLATE: &str = "
    const translate = (root) => {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) found.push(texts.currentNode);
        for (const text of found) {
            if (!text.data.trim() || text.parentElement.closest('font, script, style')) continue;
            const [outer, inner] = [document.createElement('font'), document.createElement('font')];
            inner.textContent = text.data;
            outer.append(inner);
            text.replaceWith(outer);
        }
    };
    translate(document.body);
    const options = { childList: true, characterData: true, subtree: true };
    new MutationObserver((records) => {
        if (records.some(({ target }) => !target.parentElement?.closest('font'))) translate(document.body);
    }).observe(document.body, options);
";

async fn translate(browser: &Browser) {
    browser.script(TRANSLATE, json!([])).await;
    browser.wait_until("document.querySelector('h1 font font')").await;
}

#[test]
fn what_changes_in_place_changes_in_a_translated_page_too() {
    story("translated", &[("CONFIRM_EMAIL", "false")], async |stage| {
        let elsewhere = stage.client();
        elsewhere.join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;
        translate(&browser).await;

        for (number, name) in ["Ada King", "Augusta", "Ada"].into_iter().enumerate() {
            browser.click("Change name").await;
            browser.fill("Name", name).await;
            browser.click("Save").await;
            browser.see("Your name is changed.").await;
            browser.see(&format!("Hello, {name}")).await;
            let heading = "document.querySelector('h1').innerText";
            browser
                .wait_until(&format!("{heading} === 'Hello, {name}'"))
                .await;
            let initials = ["AK", "A", "A"][number];
            browser
                .wait_until(&format!(
                    "document.querySelector('main .avatar').innerText.toUpperCase() === '{initials}'"
                ))
                .await;
        }
        browser.click("Sign out Firefox").await;
        browser.see("is signed out.").await;
        browser.see_no("Your name is changed.").await;
        browser.click("Sign out").await;
        browser.see("You are signed out.").await;
        browser.see_no("Hello,").await;
    });
}

#[test]
fn a_translated_form_says_what_is_wrong_now() {
    story("translated_form", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.goto("/sign-up").await;
        translate(&browser).await;

        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Sign up").await;
        browser.see("Choose a password.").await;
        browser.fill("Password", "short").await;
        browser.click("Sign up").await;
        browser.see("Use at least 8 characters.").await;
        browser.see_no("Choose a password.").await;
        browser.click("Show").await;
        browser.see("Hide").await;
        browser.see_no("Show").await;
        browser.click("Hide").await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see("Send it again in").await;
        let label = "document.querySelector('main button').innerText";
        browser
            .wait_until(&format!("/^Send it again in 2\\d s$/.test({label})"))
            .await;
    });
}
