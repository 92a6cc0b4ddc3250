use reqwest::StatusCode;
use shared::profile::Response;
use support::TestApp;

use crate::PASSWORD;

#[tokio::test]
async fn the_signed_in_user_is_shown_without_any_token() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let user = client.join("Ada Lovelace", "ada@example.com", PASSWORD).await;

    let reply = client.profile().await;

    assert_eq!(reply.json::<Response>().user, user);
    assert!(!reply.body.contains(&client.cookie("session_token").unwrap()));
    assert!(user.email_verified && user.profile_picture.is_none());
}

#[tokio::test]
async fn a_new_name_stays() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    let reply = client.rename("  <b>Ada</b> & Zoë 🦀 ").await;

    assert_eq!(reply.json::<Response>().user.name, "<b>Ada</b> & Zoë 🦀");
    assert_eq!(
        client.profile().await.json::<Response>().user.name,
        "<b>Ada</b> & Zoë 🦀"
    );
}

#[tokio::test]
async fn an_empty_name_is_refused_and_the_old_one_stays() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    let reply = client.rename("   ").await;

    assert_eq!(reply.refusal(), (400, "validation_error".to_owned()));
    assert_eq!(reply.refused_fields(), ["name"]);
    assert_eq!(client.profile().await.json::<Response>().user.name, "Ada");
}

#[tokio::test]
async fn only_the_name_can_be_changed() {
    let app = TestApp::spawn().await;
    let (ada, eve) = (app.client(), app.client());
    let user = ada.join("Ada", "ada@example.com", PASSWORD).await;
    let id = eve.join("Eve", "eve@example.com", PASSWORD).await.id;
    let body = serde_json::json!({
        "name": "Mallory", "id": user.id, "_id": user.id, "email": "x@example.com", "email_verified": false,
    });

    let reply = support::Reply::of(
        eve.request(reqwest::Method::PATCH, shared::profile::PATH)
            .json(&body),
    )
    .await;

    let changed = reply.json::<Response>().user;
    assert_eq!(
        (changed.id, changed.email.as_str(), changed.email_verified),
        (id, "eve@example.com", true)
    );
    assert_eq!(ada.profile().await.json::<Response>().user, user);
}

#[tokio::test]
async fn a_stale_cookie_is_cleared() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.plant_cookie("session_token=long-gone; Path=/");
    client.plant_cookie("signed_in=1; Path=/");

    let reply = client.profile().await;

    assert_eq!(reply.refusal(), (401, "invalid_session_token".to_owned()));
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        (client.cookie("session_token"), client.cookie("signed_in")),
        (None, None)
    );
}
