//! Altogic is not there, comes, goes, and comes back.

use support::{Client, TestBinary, eventually, free_port, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const CLIENT_KEY: &str = "a-client-key-for-this-story-only";

#[test]
fn nobody_is_signed_out_and_nothing_is_lost_while_altogic_is_away() {
    let port = free_port();
    let altogic_url = format!("http://127.0.0.1:{port}");
    let env = [
        ("ALTOGIC_ENV_URL", altogic_url.as_str()),
        ("ALTOGIC_CLIENT_KEY", CLIENT_KEY),
    ];
    story("altogic_down", &env, async |stage| {
        let browser = stage.open_browser().await;
        for status in [502, 503, 504] {
            for path in ["/api/sign-in", "/api/profile", "/api/sessions"] {
                browser.allow(status, path);
            }
        }

        sign_in(&browser, EMAIL, PASSWORD).await;
        browser.see("Cannot reach the account service").await;
        assert_eq!(browser.value("Password").await, PASSWORD);

        let settings = [("CONFIRM_EMAIL", "false"), ("ALTOGIC_CLIENT_KEY", CLIENT_KEY)];
        let mut altogic = TestBinary::start_altogic(port, &stage.app.public_url, &settings).await;
        join(&stage.client()).await;
        browser.click("Try again").await;
        browser.see("Hello, Ada Lovelace").await;

        altogic.kill().await;
        browser.reload().await;
        browser.see("You are still signed in").await;
        browser.arrive("/profile").await;

        altogic.restart().await;
        let found = eventually(async || (stage.client().get("/readyz").await.status == 200).then_some(()));
        found.await.expect("the app finds Altogic again");
        browser.click("Try again").await;
        browser.see("Hello, Ada Lovelace").await;
        browser.see("This device").await;
    });
}

/// Signs up as soon as the app has noticed that Altogic is there.
async fn join(client: &Client) {
    let joined = eventually(async || {
        let reply = client.sign_up(NAME, EMAIL, PASSWORD).await;
        (reply.status == 200).then_some(())
    });
    joined.await.expect("the app finds Altogic again");
}
