//! Which passwords are refused, how one is looked at, and where other programs find its form.

use support::story;

use crate::EMAIL;

/// True when the password is refused beside its field.
const REFUSED: &str = "document.getElementById('password')?.getAttribute('aria-invalid') === 'true'";

#[test]
fn a_common_password_and_one_made_of_the_name_are_refused() {
    story("weak_passwords", &[("CONFIRM_EMAIL", "false")], async |stage| {
        let browser = stage.open_browser().await;
        browser.allow(400, "/api/sign-up");

        for weak in ["password1", "augusta lovelace", "ada@example.com"] {
            browser.goto("/sign-up").await;
            browser.fill("Name", "Augusta Lovelace").await;
            browser.fill("Email address", EMAIL).await;
            browser.fill("Password", weak).await;
            browser.click("Sign up").await;
            browser.wait_until(REFUSED).await;
            assert_eq!(browser.path().await, "/sign-up", "{weak}");
        }
        browser.fill("Password", "grüne Öfen").await;
        browser.click("Sign up").await;

        browser.see("Hello, Augusta Lovelace").await;
    });
}

#[test]
fn a_typed_password_can_be_looked_at() {
    story("shown_password", &[], async |stage| {
        let browser = stage.open_browser().await;
        browser.goto("/sign-in").await;
        browser.fill("Password", "secret").await;
        let is_of = |kind| format!("document.getElementById('password').type === '{kind}'");

        browser.wait_until(&is_of("password")).await;
        browser.click("Show").await;
        browser.wait_until(&is_of("text")).await;
        assert_eq!(browser.value("Password").await, "secret");
        browser.click("Hide").await;
        browser.wait_until(&is_of("password")).await;
    });
}

#[test]
fn programs_that_change_passwords_find_the_form() {
    story("well_known", &[], async |stage| {
        let browser = stage.open_browser().await;

        browser.goto("/.well-known/change-password").await;

        browser.arrive("/sign-in?return_to=/security").await;
    });
}
