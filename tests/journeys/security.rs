//! `/security`: another password, another address, other devices, and leaving.

use std::sync::Arc;

use support::{Browser, Stage, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const NEW: &str = "another horse battery";

/// Signs in on the way to `/security`.
async fn open_security(stage: &mut Stage) -> Arc<Browser> {
    let browser = stage.open_browser().await;
    browser.goto("/security").await;
    browser.arrive("/sign-in?return_to=/security").await;
    browser.fill("Email address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.arrive("/security").await;
    browser.see("This device").await;
    browser
}

#[test]
fn a_changed_password_signs_out_the_other_devices() {
    story("change_password", &[("CONFIRM_EMAIL", "false")], async |stage| {
        let elsewhere = stage.client();
        elsewhere.join(NAME, EMAIL, PASSWORD).await;
        let browser = open_security(stage).await;
        browser.allow(401, "/api/change-password");

        browser.fill("Current password", "not the password").await;
        browser.fill("New password", NEW).await;
        browser.click("Change password").await;
        browser
            .wait_until("document.querySelector('#current_password[aria-invalid]')")
            .await;
        browser.fill("Current password", PASSWORD).await;
        browser.click("Change password").await;
        browser.see("Your password is changed.").await;
        browser.see_no("Firefox on Linux").await;

        assert_eq!(elsewhere.profile().await.status, 401);
        browser.reload().await;
        browser.see("This device").await;
        assert_eq!(elsewhere.sign_in(EMAIL, NEW).await.status, 200);
    });
}

#[test]
fn a_new_address_is_confirmed_in_its_mailbox() {
    story("change_email", &[], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = open_security(stage).await;

        for address in ["typo@example.com", "new@example.com"] {
            browser.click("Change address").await;
            browser.fill("New email address", address).await;
            browser.fill("Password", PASSWORD).await;
            browser.click("Change address").await;
            browser.see(&format!("We sent a link to {address}")).await;
            if address == "typo@example.com" {
                browser.reload().await;
                browser.click("Cancel the change").await;
                browser.see("The change of address is cancelled.").await;
            }
        }
        let mail = stage.client().last_mail_to("new@example.com").await;
        browser.goto(mail.link()).await;
        browser.click("Use this address").await;
        browser.see("Your address is changed").await;
        browser.click("Go to your profile").await;
        browser.see("new@example.com").await;

        browser.click("Sign out").await;
        browser.see("You are signed out.").await;
        sign_in(&browser, "new@example.com", PASSWORD).await;
        browser.arrive("/profile").await;
    });
}

#[test]
fn all_other_devices_are_signed_out_after_a_question() {
    story("end_others", &[("CONFIRM_EMAIL", "false")], async |stage| {
        let elsewhere = stage.client();
        elsewhere.join(NAME, EMAIL, PASSWORD).await;
        let browser = open_security(stage).await;

        browser.click("Sign out all other devices").await;
        browser.click("Cancel").await;
        assert_eq!(elsewhere.profile().await.status, 200);
        browser.click("Sign out all other devices").await;
        browser.click("Sign them out").await;

        browser.see("All other devices are signed out.").await;
        assert_eq!(elsewhere.profile().await.status, 401);
        browser.see_no("Firefox on Linux").await;
    });
}

#[test]
fn leaving_asks_for_the_address_and_the_password() {
    story("leave", &[("CONFIRM_EMAIL", "false")], async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = open_security(stage).await;

        browser.click("Delete my account").await;
        browser
            .fill("The address of the account", "another@example.com")
            .await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Delete my account").await;
        browser
            .wait_until("document.querySelector('#typed_email[aria-invalid]')")
            .await;
        assert_eq!(browser.path().await, "/security");
        browser.fill("The address of the account", EMAIL).await;
        browser.click("Delete my account").await;

        browser.arrive("/").await;
        browser.see("Your account is deleted.").await;
        assert_eq!(stage.client().sign_in(EMAIL, PASSWORD).await.status, 401);
        stage.client().join("Another Ada", EMAIL, PASSWORD).await;
    });
}
