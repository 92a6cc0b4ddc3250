//! Strangers who name somebody else's address, as browsers meet them (T-28, T-30, T-42, T-45).

use reqwest::StatusCode;
use shared::auth_redirect::{Needs, Response};
use support::{Client, TestApp};

use crate::PASSWORD;

const ADA: &str = "ada@example.com";
const STRANGERS: &str = "the stranger's choice";
const NEW: &str = "a brand new password";

/// The access token of the newest mail.
async fn newest_link(client: &Client) -> String {
    client.open_link(&client.last_mail_to(ADA).await).await
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn the_newest_mail_is_a_strangers_and_signs_the_owner_in_to_nothing_of_theirs() {
    let app = TestApp::spawn().await;
    let (owner, stranger) = (app.client(), app.client());
    owner.sign_up("Ada", ADA, PASSWORD).await;
    let own_link = newest_link(&owner).await;
    stranger.sign_up("Eve", ADA, STRANGERS).await;
    let strangers_link = newest_link(&owner).await;

    for confirmed in [false, true] {
        let asked: Response = owner.auth_redirect(&strangers_link, confirmed).await.json();
        assert!(asked.user.is_none());
        assert_eq!(
            (asked.email.as_deref(), asked.needs),
            (Some(ADA), Some(Needs::Password))
        );
    }
    let wrong = owner.auth_redirect_with_password(&strangers_link, PASSWORD).await;
    assert_eq!(wrong.refusal(), refusal(401, "invalid_credentials"));
    // Her own link works by itself, in the browser that made that sign-up.
    let granted: Response = owner.auth_redirect(&own_link, false).await.json();
    assert_eq!(granted.user.unwrap().name, "Ada");

    let strangers = stranger.sign_in(ADA, STRANGERS).await;
    assert_eq!(strangers.refusal(), refusal(401, "invalid_credentials"));
    let own = app.client().sign_in(ADA, PASSWORD).await;
    assert_eq!(own.status, StatusCode::OK);
    let dead = owner.auth_redirect(&strangers_link, true).await;
    assert_eq!(dead.refusal(), refusal(403, "invalid_access_token"));
}

#[tokio::test]
async fn a_new_password_makes_a_strangers_sign_up_the_owners_account() {
    let app = TestApp::spawn().await;
    let (owner, stranger) = (app.client(), app.client());
    stranger.sign_up("Eve", ADA, STRANGERS).await;
    let link = newest_link(&owner).await;

    let short = owner.auth_redirect_with_new_password(&link, "short").await;
    assert_eq!(short.refused_fields(), ["new_password"]);
    let common = owner.auth_redirect_with_new_password(&link, "password123").await;
    assert_eq!(common.refused_fields(), ["new_password"]);
    let granted = owner.auth_redirect_with_new_password(&link, NEW).await;

    assert_eq!(granted.status, StatusCode::OK, "{granted:?}");
    assert_eq!(
        stranger.sign_in(ADA, STRANGERS).await.refusal(),
        refusal(401, "invalid_credentials")
    );
    assert_eq!(app.client().sign_in(ADA, NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_browser_of_the_owner_takes_the_password_of_the_sign_up() {
    let app = TestApp::spawn().await;
    app.client().sign_up("Ada", ADA, PASSWORD).await;
    let phone = app.client();
    let link = newest_link(&phone).await;

    let granted = phone.auth_redirect_with_password(&link, PASSWORD).await;

    assert_eq!(granted.status, StatusCode::OK, "{granted:?}");
    assert_eq!(app.client().sign_in(ADA, PASSWORD).await.status, StatusCode::OK);
}

/// T-45: a flow cookie that somebody made up confirms nothing.
#[tokio::test]
async fn a_planted_flow_cookie_is_none_of_ours() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", ADA, PASSWORD).await;
    let (asking, victim) = (app.client(), app.client());
    asking.magic_link(ADA).await;
    let link = newest_link(&asking).await;
    let own = asking.cookie("flow").unwrap();

    for value in [
        format!("x{own}"),
        own.replacen('.', "..", 1),
        "AAAA.AAAA:".to_owned(),
    ] {
        victim.plant_cookie(&format!("flow={value}; Path=/"));
        let reply = victim.auth_redirect(&link, false).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{value}");
    }
    assert_eq!(asking.auth_redirect(&link, false).await.status, StatusCode::OK);
}

/// T-28: also in one browser, sign-up and sign-in do not tell whether an address has an account.
#[tokio::test]
async fn sign_up_and_sign_in_say_the_same_of_a_taken_and_of_a_free_address() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", ADA, PASSWORD).await;

    let mut answers = Vec::new();
    for email in [ADA, "free@example.com"] {
        let (here, elsewhere) = (app.client(), app.client());
        let signed_up = here.sign_up("Eve", email, STRANGERS).await;
        let here = here.sign_in(email, STRANGERS).await;
        let elsewhere = elsewhere.sign_in(email, STRANGERS).await;
        assert_eq!(here.refusal(), refusal(401, "email_not_verified"));
        assert_eq!(elsewhere.refusal(), refusal(401, "invalid_credentials"));
        answers.push([signed_up, here, elsewhere].map(|reply| (reply.status, reply.body)));
    }

    assert_eq!(answers[0], answers[1]);
}

/// T-08
#[tokio::test]
async fn a_new_password_gives_the_session_a_new_token() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", ADA, PASSWORD).await;
    let before = client.cookie("session_token").unwrap();

    let changed = client.change_password(PASSWORD, NEW).await;

    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    assert_ne!(client.cookie("session_token").unwrap(), before);
    assert_eq!(client.profile().await.status, StatusCode::OK);
    let thief = app.client();
    thief.plant_cookie(&format!("session_token={before}; Path=/"));
    assert_eq!(thief.profile().await.status, StatusCode::UNAUTHORIZED);
}

/// T-33: whatever strangers try, even in the same network, the owner's own browser gets in.
#[tokio::test]
async fn a_browser_that_signed_in_before_gets_in_while_strangers_try_passwords() {
    let app = TestApp::spawn().await;
    let owner = app.client();
    owner.join("Ada", ADA, PASSWORD).await;
    owner.sign_out().await;
    let stranger = app.client();
    let mut refused = 0;
    for _ in 0..40 {
        refused += usize::from(stranger.sign_in(ADA, "a guess").await.status == 429);
    }
    assert!(refused >= 30, "{refused}");

    let asked = owner.magic_link(ADA).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{asked:?}");
    let signed_in = owner.sign_in(ADA, PASSWORD).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    // Its cookie is worth something for this account alone.
    let other = stranger.sign_in("grace@example.com", "a guess").await;
    assert_eq!(other.status, 429);
}

/// T-33: a device cookie is counted too, by itself.
#[tokio::test]
async fn a_stolen_device_cookie_is_no_way_to_guess_without_end() {
    let app = TestApp::spawn_with(|settings| settings.confirm_email = false).await;
    let owner = app.client();
    owner.join("Ada", ADA, PASSWORD).await;
    owner.sign_out().await;

    let mut refused = 0;
    for _ in 0..25 {
        refused += usize::from(owner.sign_in(ADA, "a guess").await.status == 429);
    }

    assert!(refused >= 5, "{refused}");
}

/// T-49: strangers in the same network do not use up the mails of the owner's own browser.
#[tokio::test]
async fn a_browser_that_signed_in_before_gets_its_mails() {
    let app = TestApp::spawn().await;
    let owner = app.client();
    owner.join("Ada", ADA, PASSWORD).await;
    let stranger = app.client();
    for _ in 0..5 {
        assert_eq!(stranger.magic_link(ADA).await.status, StatusCode::ACCEPTED);
    }
    let enough = stranger.magic_link(ADA).await;
    assert_eq!(enough.refusal(), refusal(429, "rate_limit_exceeded"));
    assert!(
        enough.error().items[0].message.contains("No further mail"),
        "{enough:?}"
    );

    assert_eq!(owner.magic_link(ADA).await.status, StatusCode::ACCEPTED);
    let link = newest_link(&owner).await;
    assert_eq!(owner.auth_redirect(&link, false).await.status, StatusCode::OK);
}
