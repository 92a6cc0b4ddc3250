use reqwest::StatusCode;
use shared::sign_up::Response;
use support::TestApp;

use crate::PASSWORD;

#[tokio::test]
async fn a_new_address_gets_a_mail_and_no_session_yet() {
    let app = TestApp::spawn().await;
    let client = app.client();

    let reply = client.sign_up("Ada", "Ada@Example.com", PASSWORD).await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(reply.json::<Response>().user.is_none());
    assert_eq!(client.cookie("session_token"), None);
    let mail = client.last_mail_to("ada@example.com").await;
    assert!(mail.link().contains("/_auth/verify?"), "{mail:?}");
    assert!(
        mail.text.contains(mail.link()) && mail.html.contains("Ada"),
        "{mail:?}"
    );
}

#[tokio::test]
async fn without_confirmation_sign_up_signs_in() {
    let app = TestApp::spawn_with(|settings| settings.confirm_email = false).await;
    let client = app.client();

    let reply = client.sign_up("Ada", "ada@example.com", PASSWORD).await;

    assert_eq!(reply.status, StatusCode::OK);
    let user = reply.json::<Response>().user.unwrap();
    assert_eq!(
        (user.name.as_str(), user.email.as_str(), user.email_verified),
        ("Ada", "ada@example.com", false)
    );
    assert_eq!(client.profile().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_taken_address_answers_like_a_fresh_one_and_its_owner_is_told() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;

    let fresh = app.client().sign_up("Eve", "eve@example.com", PASSWORD).await;
    let taken = app.client().sign_up("Eve", "ada@example.com", PASSWORD).await;

    assert_eq!((taken.status, &taken.body), (fresh.status, &fresh.body));
    let mail = app.client().last_mail_to("ada@example.com").await;
    assert_eq!(mail.subject, "You already have an account");
    assert!(!mail.text.contains("email-confirm"), "{mail:?}");
    assert_eq!(
        app.client().sign_in("ada@example.com", PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn without_confirmation_a_taken_address_is_refused_beside_its_field() {
    let app = TestApp::spawn_with(|settings| settings.confirm_email = false).await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;

    let reply = app.client().sign_up("Eve", "ada@example.com", PASSWORD).await;

    assert_eq!(reply.refusal(), (400, "email_not_unique".to_owned()));
    assert_eq!(reply.refused_fields(), ["email"]);
}

#[tokio::test]
async fn every_refused_field_is_named() {
    let app = TestApp::spawn().await;

    let reply = app.client().sign_up(" ", "nowhere", "short").await;

    assert_eq!(reply.refusal(), (400, "validation_error".to_owned()));
    assert_eq!(reply.refused_fields(), ["name", "email", "password"]);
}

#[tokio::test]
async fn the_setting_raises_the_shortest_password() {
    let app = TestApp::spawn_with(|settings| settings.password_min_length = 15).await;

    let short = app
        .client()
        .sign_up("Ada", "ada@example.com", "14 characters.")
        .await;
    let long = app
        .client()
        .sign_up("Ada", "ada@example.com", "15 characters..")
        .await;

    assert_eq!(short.refused_fields(), ["password"]);
    assert_eq!(long.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn fields_nobody_asked_for_change_nothing() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let body = serde_json::json!({
        "name": "Eve", "email": "eve@example.com", "password": PASSWORD,
        "emailVerified": true, "email_verified": true, "role": "admin", "_id": "000000000000000000000000",
    });

    let reply = support::Reply::of(
        client
            .request(reqwest::Method::POST, shared::sign_up::PATH)
            .json(&body),
    )
    .await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(
        client.sign_in("eve@example.com", PASSWORD).await.refusal(),
        (401, "email_not_verified".to_owned())
    );
}
