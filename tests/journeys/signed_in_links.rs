//! Pages of mail links and forgotten passwords know who is signed in.

use support::{eventually, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn a_used_link_says_to_somebody_signed_in_that_they_are() {
    story("used_link_signed_in", &[], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        let verification = client.last_mail_to(EMAIL).await;
        client.magic_link(EMAIL).await;
        let mails = eventually(async || {
            let mails = client.mails_to(EMAIL).await;
            (mails.len() == 2).then_some(mails)
        });
        let magic = mails.await.expect("the mail arrives").remove(0);
        client.auth_redirect(&client.open_link(&magic).await, true).await;
        let browser = stage.open_browser().await;
        browser.allow(403, "/api/auth-redirect");
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.arrive("/profile").await;

        for link in [verification.link(), magic.link()] {
            browser.goto(link).await;
            browser.see("this browser is signed in as ada@example.com").await;
            let text = browser.text().await;
            assert!(!text.contains("Tell us your address"), "{text}");
            browser.click("Go to your profile").await;
            browser.arrive("/profile").await;
        }
        for page in ["/auth-redirect", "/reset-password"] {
            browser.goto(page).await;
            browser.see("This page is opened from a mail").await;
            let text = browser.text().await;
            assert!(!text.contains("Sign in with"), "{text}");
            browser.click("Go to your profile").await;
            browser.arrive("/profile").await;
        }
    });
}

#[test]
fn somebody_signed_in_gets_a_new_password_for_their_own_address() {
    story("forgot_signed_in", &[], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.click("Password, address and security").await;
        browser.click("Forgot it?").await;

        browser.see(&format!("We mail a link to {EMAIL}")).await;
        let text = browser.text().await;
        assert!(!text.contains("Sign in with"), "{text}");
        browser.click("Send the link").await;
        browser.see(&format!("We sent a link to {EMAIL}")).await;
        let text = browser.text().await;
        assert!(!text.contains("has an account"), "{text}");
        browser.reload().await;
        browser.see(&format!("We sent a link to {EMAIL}")).await;
    });
}
