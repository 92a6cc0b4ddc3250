//! The page that waits for a mail: once more, and to another address.

use serde_json::json;
use support::{eventually, story};

use crate::{EMAIL, NAME, PASSWORD};

/// Lets half a minute pass for the page.
const HALF_A_MINUTE_LATER: &str = "const now = Date.now; Date.now = () => now() + 30000";

/// Whether the pointer is on a disabled button, and the ground that it shows.
const DISABLED_UNDER_POINTER: &str = r#"
    const button = document.querySelector(".button[aria-disabled=true]");
    return [button.matches(":hover"), getComputedStyle(button).backgroundColor];
"#;

#[test]
fn a_second_mail_is_sent_after_half_a_minute_and_ends_the_first_link() {
    story("second_mail", &[], async |stage| {
        let client = stage.client();
        let browser = stage.open_browser().await;
        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;

        browser.see("Send it again in").await;
        browser.click("Send it again in").await;
        let ground = browser.script(DISABLED_UNDER_POINTER, json!([])).await;
        assert_eq!(
            ground,
            json!([true, "rgba(0, 0, 0, 0)"]),
            "as without the pointer"
        );
        let first = client.last_mail_to(EMAIL).await;
        browser.script(HALF_A_MINUTE_LATER, json!([])).await;
        browser.see_no("Send it again in").await;
        assert_eq!(client.mails_to(EMAIL).await.len(), 1);
        browser.click("Send it again").await;
        browser.see(&format!("Sent again to {EMAIL}.")).await;
        browser.see("Send it again in").await;

        let mails = eventually(async || {
            let mails = client.mails_to(EMAIL).await;
            (mails.len() == 2).then_some(mails)
        });
        let second = mails.await.expect("the mail arrives").remove(0);
        browser.goto(first.link()).await;
        browser.see("This link no longer works").await;
        browser.goto(second.link()).await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn a_mistyped_address_is_corrected_without_typing_the_rest_again() {
    story("mistyped_address", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.goto("/sign-up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", "aad@example.com").await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see("Check your mail").await;

        browser.click("Wrong address?").await;
        assert_eq!(browser.value("Name").await, NAME);
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;

        browser.see(EMAIL).await;
        browser
            .goto(stage.client().last_mail_to(EMAIL).await.link())
            .await;
        browser.see("Hello, Ada Lovelace").await;
    });
}
