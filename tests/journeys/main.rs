//! Stories across features, told by a real browser over the release binary.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod altogic_down;
mod another_altogic;
mod appearance;
mod avatar;
mod check_mail;
mod cookies_off;
mod deep_links;
mod expiry;
mod faults;
mod firefox;
mod first_paint;
mod first_visit;
mod left_in_flight;
mod link_password;
mod lost_password;
mod magic_link;
mod manners;
mod old_browsers;
mod passwords;
mod refusals;
mod remote_sign_out;
mod return_to;
mod security;
mod signed_in_links;
mod signed_out_typing;
mod times;
mod translated;
mod without_app;

use support::Browser;

const NAME: &str = "Ada Lovelace";
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// Fills in and sends the form of `/sign-in`.
async fn sign_in(browser: &Browser, email: &str, password: &str) {
    browser.goto("/sign-in").await;
    browser.fill("Email address", email).await;
    browser.fill("Password", password).await;
    browser.click("Sign in").await;
}
