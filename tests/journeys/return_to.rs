//! Where the visitor wanted to go is kept on every way in, and never leads off our site.

use support::story;

use crate::{EMAIL, NAME, PASSWORD, sign_in};

#[test]
fn sign_up_leads_on_to_where_the_visitor_wanted_to_go() {
    story(
        "return_to_sign_up",
        &[("CONFIRM_EMAIL", "false")],
        async |stage| {
            let browser = stage.open_browser().await;

            browser.goto("/security").await;
            browser.arrive("/sign-in?return_to=/security").await;
            browser.goto("/sign-up?return_to=/security").await;
            browser.fill("Name", NAME).await;
            browser.fill("Email address", EMAIL).await;
            browser.fill("Password", PASSWORD).await;
            browser.click("Sign up").await;

            browser.arrive("/security").await;
        },
    );
}

#[test]
fn the_mail_of_sign_up_leads_on_to_where_the_visitor_wanted_to_go() {
    story("return_to_mail", &[], async |stage| {
        let browser = stage.open_browser().await;

        browser.goto("/sign-up?return_to=/security").await;
        browser.fill("Name", NAME).await;
        browser.fill("Email address", EMAIL).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign up").await;
        browser.see("Check your mail").await;
        browser
            .goto(stage.client().last_mail_to(EMAIL).await.link())
            .await;

        browser.arrive("/security").await;
        browser.see("Change password").await;
    });
}

#[test]
fn a_magic_link_leads_on_to_where_the_visitor_wanted_to_go() {
    let env = [("CONFIRM_EMAIL", "false")];
    story("return_to_magic_link", &env, async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;

        browser.goto("/security").await;
        browser.arrive("/sign-in?return_to=/security").await;
        browser.click("Sign in with a link").await;
        browser.arrive("/magic-link?return_to=/security").await;
        browser.fill("Email address", EMAIL).await;
        browser.click("Send the link").await;
        browser.see("Check your mail").await;
        browser
            .goto(stage.client().last_mail_to(EMAIL).await.link())
            .await;

        browser.arrive("/security").await;
    });
}

#[test]
fn an_address_off_our_site_is_forgotten() {
    let env = [("CONFIRM_EMAIL", "false")];
    story("return_to_elsewhere", &env, async |stage| {
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;

        for elsewhere in [
            "https://evil.example/",
            "//evil.example",
            "/%5Cevil.example",
            "javascript:alert(1)",
        ] {
            browser.goto(&format!("/sign-in?return_to={elsewhere}")).await;
            browser.fill("Email address", EMAIL).await;
            browser.fill("Password", PASSWORD).await;
            browser.click("Sign in").await;
            browser.arrive("/profile").await;
            browser.click("Sign out").await;
            browser.see("You are signed out.").await;
        }
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.arrive("/profile").await;
    });
}
