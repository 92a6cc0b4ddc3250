//! What can go wrong between the server and Altogic, seen from the page.

use support::{Browser, Client, Fault, FaultProxy, TestBinary, eventually, free_port, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const CLIENT_KEY: &str = "a-client-key-for-these-stories-only";
const AWAY: &str = "Cannot reach the account service";

/// Tells how a signed-in person meets these faults, one after the other.
fn story_of(name: &'static str, faults: &[Fault]) {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let env = [
        ("ALTOGIC_ENV_URL", url.as_str()),
        ("ALTOGIC_CLIENT_KEY", CLIENT_KEY),
    ];
    story(name, &env, async |stage| {
        let settings = [("CONFIRM_EMAIL", "false"), ("ALTOGIC_CLIENT_KEY", CLIENT_KEY)];
        let altogic = TestBinary::start_altogic(0, &stage.app.public_url, &settings).await;
        let proxy = FaultProxy::start_on(port, &altogic.address()).await;
        stage.client().join(NAME, EMAIL, PASSWORD).await;
        let browser = stage.open_browser().await;
        for status in [502, 503, 504] {
            for path in ["/api/profile", "/api/sessions"] {
                browser.allow(status, path);
            }
        }
        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("This device").await;

        for (number, fault) in faults.iter().enumerate() {
            eprintln!("{fault:?}");
            proxy.set(Some(*fault));
            meet(&browser, &proxy, &stage.client(), &format!("Ada {number}")).await;
        }
    });
}

/// Meets the fault with the profile open, and when loading it; goes on as soon as it is over.
async fn meet(browser: &Browser, proxy: &FaultProxy, visitor: &Client, new_name: &str) {
    browser.click("Change name").await;
    browser.fill("Name", new_name).await;
    browser.click("Save").await;
    browser.see(AWAY).await;
    assert_eq!(browser.value("Name").await, new_name);

    browser.reload().await;
    browser.see("You are still signed in").await;
    browser.see(AWAY).await;
    browser.arrive("/profile").await;

    proxy.set(None);
    let is_ready = async || (visitor.get("/readyz").await.status == 200).then_some(());
    eventually(is_ready).await.expect("the fault is over");
    browser.click("Try again").await;
    browser.see("This device").await;
    browser.click("Change name").await;
    browser.fill("Name", new_name).await;
    browser.click("Save").await;
    browser.see(&format!("Hello, {new_name}")).await;
}

#[test]
fn a_connection_that_fails_signs_nobody_out() {
    story_of(
        "faults_of_connections",
        &[Fault::Refuses, Fault::Resets, Fault::Silent],
    );
}

#[test]
fn a_reply_that_is_none_signs_nobody_out() {
    story_of(
        "faults_of_replies",
        &[Fault::Half, Fault::Endless, Fault::HTML_500, Fault::REDIRECTS],
    );
}
