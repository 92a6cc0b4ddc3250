//! Browsers that run no scripts, or no WebAssembly, get the essentials.

use support::story;

use crate::{EMAIL, NAME, PASSWORD};

#[test]
fn without_scripts_an_account_can_be_made_and_used() {
    story("without_scripts", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.without_scripts().await;
        browser.goto("/").await;
        browser.click("Sign up").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see("Check your mail").await;

        let mail = stage.client().last_mail_to(EMAIL).await;
        browser.goto(mail.link()).await;
        browser.see("Continue in this browser?").await;
        browser.click("Continue").await;
        browser.arrive("/profile?plain").await;
        browser.see("Hello, Ada Lovelace").await;

        browser.fill("Name", "Ada King").await;
        browser.click("Save").await;
        browser.see("Hello, Ada King").await;
        browser.click("Sign out").await;
        browser.arrive("/sign-in").await;

        browser.allow_text("401 (Unauthorized)");
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", "not the password").await;
        browser.click("Sign in").await;
        browser.see("Email or password provided is invalid").await;
        assert_eq!(browser.value("Email address").await, EMAIL);
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign in").await;
        browser.arrive("/profile?plain").await;
    });
}

#[test]
fn without_scripts_a_forgotten_password_is_replaced_and_a_link_signs_in() {
    story("lost_without_scripts", &[], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.without_scripts().await;

        browser.goto("/forgot-password").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("Check your mail").await;
        browser.goto(client.last_mail_to(EMAIL).await.link()).await;
        browser.click("Choose a new password").await;
        browser.see(EMAIL).await;
        browser.fill("New password", "another horse battery").await;
        browser.click("Save the new password").await;
        browser.see("Your password is changed").await;

        browser.goto("/magic-link").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("a link to sign in is on its way").await;
        browser.goto(client.last_mail_to(EMAIL).await.link()).await;
        browser.click("Continue").await;
        browser.arrive("/profile?plain").await;
        browser.see("Hello, Ada Lovelace").await;
    });
}

#[test]
fn without_wasm_the_forms_work_and_the_profile_is_plain() {
    story("without_wasm", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.before_load("delete globalThis.WebAssembly").await;
        browser.allow_text("WebAssembly");
        browser.goto("/sign-in").await;
        browser.see("Latchkey could not start").await;

        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign in").await;

        browser.arrive("/profile?plain").await;
        browser.see("Hello, Ada Lovelace").await;
    });
}
