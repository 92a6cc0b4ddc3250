use reqwest::StatusCode;
use support::TestApp;

use crate::PASSWORD;

#[tokio::test]
async fn a_magic_link_signs_in_once() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();

    let reply = client.magic_link("ada@example.com").await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;
    assert_eq!(
        client.auth_redirect(&access_token, false).await.status,
        StatusCode::OK
    );
    assert_eq!(client.profile().await.status, StatusCode::OK);
    let again = app.client().auth_redirect(&access_token, true).await;
    assert_eq!(again.refusal(), (403, "invalid_access_token".to_owned()));
}

#[tokio::test]
async fn every_address_gets_the_same_answer() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "a+b&c=d%@example.com", PASSWORD).await;

    let known = app.client().magic_link("a+b&c=d%@example.com").await;
    let unknown = app.client().magic_link("nobody@example.com").await;

    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    let mail = app.client().last_mail_to("a+b&c=d%@example.com").await;
    assert!(mail.link().contains("action=magic-link"), "{mail:?}");
    assert!(app.client().mails_to("nobody@example.com").await.is_empty());
}

#[tokio::test]
async fn a_magic_link_lives_ten_minutes() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();
    client.magic_link("ada@example.com").await;
    let access_token = client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await;

    app.clock.advance(std::time::Duration::from_secs(601));

    let reply = client.auth_redirect(&access_token, false).await;
    assert_eq!(reply.refusal(), (403, "invalid_access_token".to_owned()));
}
