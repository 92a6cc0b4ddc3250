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
fn a_second_mail_is_sent_after_half_a_minute_and_the_first_link_still_works() {
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
        browser.see("You can send it again in").await;
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
        browser.see("Hello, Ada Lovelace").await;
        assert!(
            client
                .follow(second.link())
                .await
                .query()
                .unwrap()
                .contains("error=")
        );
    });
}

#[test]
fn the_page_that_waits_for_a_mail_outlives_reloads_and_steps_in_the_history() {
    story("waiting_page", &[], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        for (page, button) in [
            ("/sign-up", "Sign up"),
            ("/magic-link?return_to=/security", "Send the link"),
            ("/forgot-password", "Send the link"),
            ("/verify-email", "Send the link"),
        ] {
            let email = format!("{}@example.com", page[1..5].replace('-', ""));
            browser.goto(page).await;
            if page == "/sign-up" {
                browser.fill("Name", NAME).await;
                browser.fill("Password", PASSWORD).await;
            }
            browser.fill("Email address", &email).await;
            browser.click(button).await;
            browser.see("Check your mail").await;
            let waiting = browser.path().await;

            browser.reload().await;
            browser.see("Check your mail").await;
            browser.see(&email).await;
            browser.see("Send it again in").await;
            browser.back().await;
            browser.arrive(page).await;
            browser.see(button).await;
            browser.script("history.forward()", json!([])).await;
            browser.arrive(&waiting).await;
            browser.see(&email).await;
            browser.goto("/").await;
            browser.see("The front door").await;
            browser.back().await;
            browser.see("Check your mail").await;
            browser.see(&email).await;
            browser.click("Wrong address?").await;
            browser.arrive(page).await;
            browser.see(button).await;
        }
        let mails = client.mails_to("magi@example.com").await;
        assert_eq!(mails.len(), 0, "nothing was sent by coming back");
    });
}

#[test]
fn a_mail_asked_for_on_the_page_of_a_dead_link_is_waited_for_too() {
    story("waiting_dead_link", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.allow(403, "/api/auth-redirect");
        browser
            .goto("/auth-redirect?access_token=never-was&action=magic-link")
            .await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("Check your mail").await;

        browser.reload().await;
        browser.see("Check your mail").await;
        browser.see(EMAIL).await;
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
