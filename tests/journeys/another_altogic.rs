//! Everything over another Altogic: a second server, with its own port, key and folder.

use support::{Client, Stage, TestBinary, eventually, free_port, story};

use crate::{EMAIL, NAME, PASSWORD, first_visit, magic_link, sign_in};

const CLIENT_KEY: &str = "a-client-key-for-these-stories-only";

/// Tells a story over a system without an Altogic of its own.
fn story_over_another(name: &'static str, tell: impl AsyncFnOnce(&mut Stage, &Client)) {
    let port = free_port();
    let altogic_url = format!("http://localhost:{port}");
    let env = [
        ("ALTOGIC_ENV_URL", altogic_url.as_str()),
        ("ALTOGIC_CLIENT_KEY", CLIENT_KEY),
    ];
    story(name, &env, async |stage| {
        let settings = [("ALTOGIC_CLIENT_KEY", CLIENT_KEY)];
        let altogic = TestBinary::start_altogic(port, &stage.app.public_url, &settings).await;
        assert!(altogic.data_dir().exists() && !stage.app.data_dir().exists());
        tell(stage, &altogic.client()).await;
    });
}

#[test]
fn a_first_visit_goes_from_sign_up_to_sign_out_over_another_altogic() {
    story_over_another("first_visit_elsewhere", async |stage, mailbox| {
        let browser = stage.open_browser().await;
        first_visit::visit(&browser, mailbox).await;
    });
}

#[test]
fn links_and_devices_work_over_another_altogic() {
    story_over_another("devices_elsewhere", async |stage, mailbox| {
        let here = stage.open_browser().await;
        here.goto("/sign-up").await;
        here.fill("Name", NAME).await;
        here.fill("Email address", EMAIL).await;
        here.fill("Password", PASSWORD).await;
        here.click("Sign up").await;
        here.see("Check your mail").await;
        here.goto(mailbox.last_mail_to(EMAIL).await.link()).await;
        here.see("Hello, Ada Lovelace").await;

        let there = stage.open_browser().await;
        magic_link::ask(&there).await;
        let mails = eventually(async || {
            let mails = mailbox.mails_to(EMAIL).await;
            (mails.len() == 2).then_some(mails)
        });
        let mails = mails.await.expect("the mail arrives");
        there.goto(mails[0].link()).await;
        there.see("Hello, Ada Lovelace").await;

        here.reload().await;
        here.click("Sign out Chrome").await;
        here.see("is signed out.").await;
        there.allow(401, "/api/profile");
        there.reload().await;
        there.arrive("/sign-in?return_to=/profile").await;

        there.allow(401, "/api/sign-in");
        sign_in(&there, EMAIL, "not the password").await;
        there
            .wait_until("document.querySelector('main [role=alert]')")
            .await;
        sign_in(&there, EMAIL, PASSWORD).await;
        there.arrive("/profile").await;
    });
}
