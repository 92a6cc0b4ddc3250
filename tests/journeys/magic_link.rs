//! Sign in by mail: at once in the browser that asked, after a click in any other.

use support::{Browser, Stage, eventually, story};

use crate::{EMAIL, NAME, PASSWORD};

/// Asks for a link, as a visitor does.
pub async fn ask(browser: &Browser) {
    browser.goto("/sign-in").await;
    browser.click("Sign in with a link").await;
    browser.arrive("/magic-link").await;
    browser.fill("Email address", EMAIL).await;
    browser.click("Send the link").await;
    browser.see("Check your mail").await;
}

/// The newest link, once it is not the one of the verification.
async fn link(stage: &Stage) -> String {
    let client = stage.client();
    let mails = eventually(async || {
        let mails = client.mails_to(EMAIL).await;
        (mails.len() == 2).then_some(mails)
    });
    mails.await.expect("the mail arrives")[0].link().to_owned()
}

#[test]
fn the_browser_that_asked_is_signed_in_by_the_link() {
    story("magic_link_same_browser", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;

        ask(&browser).await;
        browser.goto(&link(stage).await).await;

        browser.arrive("/profile").await;
        browser.see("Hello, Ada Lovelace").await;
        browser.back().await;
        assert!(!browser.path().await.contains("access_token"));
    });
}

#[test]
fn any_other_browser_asks_for_a_click_first() {
    story("magic_link_other_browser", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let asking = stage.open_browser().await;
        let opening = stage.open_browser().await;

        ask(&asking).await;
        let link = link(stage).await;
        opening.goto(&link).await;
        opening.see("Continue in this browser?").await;
        opening.arrive("/auth-redirect").await;
        assert!(!opening.text().await.contains("Hello"));
        opening.click("Continue").await;
        opening.arrive("/profile").await;
        opening.see("Hello, Ada Lovelace").await;

        asking.allow(403, "/api/auth-redirect");
        asking.goto(&link).await;
        asking.see("This link no longer works").await;
    });
}

#[test]
fn an_address_without_an_account_is_told_the_same() {
    story("magic_link_unknown_address", &[], async |stage| {
        let browser = stage.open_browser().await;

        ask(&browser).await;

        browser.see(EMAIL).await;
        assert!(stage.client().mails_to(EMAIL).await.is_empty());
    });
}
