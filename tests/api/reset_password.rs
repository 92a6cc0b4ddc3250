use reqwest::StatusCode;
use shared::auth_redirect::Response;
use support::TestApp;

use crate::PASSWORD;

const NEW: &str = "another horse battery";

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let app = TestApp::spawn().await;
    let (elsewhere, client) = (app.client(), app.client());
    elsewhere.join("Ada", "ada@example.com", PASSWORD).await;

    assert_eq!(
        client.send_reset("ada@example.com").await.status,
        StatusCode::ACCEPTED
    );
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;
    let reply = client.reset_password(&access_token, NEW).await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{reply:?}");
    assert_eq!(elsewhere.profile().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.refusal(),
        (401, "invalid_credentials".to_owned())
    );
    assert_eq!(
        client.sign_in("ada@example.com", NEW).await.status,
        StatusCode::OK
    );
    let notice = client.last_mail_to("ada@example.com").await;
    assert!(notice.subject.to_lowercase().contains("password"), "{notice:?}");
    let again = client.reset_password(&access_token, PASSWORD).await;
    assert_eq!(again.refusal(), (403, "invalid_access_token".to_owned()));
}

#[tokio::test]
async fn a_reset_link_names_its_account_and_signs_nobody_in() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();
    client.send_reset("ada@example.com").await;
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;

    let reply = client.auth_redirect(&access_token, false).await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json::<Response>().email.as_deref(), Some("ada@example.com"));
    assert_ne!(
        client.auth_redirect(&access_token, true).await.status,
        StatusCode::OK
    );
    assert_eq!(
        client.reset_password(&access_token, NEW).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn every_address_gets_the_same_answer() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;

    let known = app.client().send_reset("ada@example.com").await;
    let unknown = app.client().send_reset("nobody@example.com").await;

    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert!(app.client().mails_to("nobody@example.com").await.is_empty());
}

#[tokio::test]
async fn a_refused_password_leaves_the_link_alive() {
    let app = TestApp::spawn().await;
    app.client()
        .join("Ada Lovelace", "ada@example.com", PASSWORD)
        .await;
    let client = app.client();
    client.send_reset("ada@example.com").await;
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;

    for password in ["short", "Password1", "lovelace 1815"] {
        let reply = client.reset_password(&access_token, password).await;
        assert_eq!(
            reply.refusal(),
            (400, "validation_error".to_owned()),
            "{password}"
        );
        assert_eq!(reply.refused_fields(), ["password"], "{password}");
    }
    assert_eq!(
        client.reset_password(&access_token, NEW).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_reset_link_lives_an_hour() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();
    client.send_reset("ada@example.com").await;
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;

    app.clock.advance(std::time::Duration::from_secs(3601));

    let reply = client.reset_password(&access_token, NEW).await;
    assert_eq!(reply.refusal(), (403, "invalid_access_token".to_owned()));
}
