use reqwest::StatusCode;
use support::TestApp;

use crate::PASSWORD;

#[tokio::test]
async fn a_second_mail_leaves_the_first_link_alive_until_one_is_used() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.sign_up("Ada", "ada@example.com", PASSWORD).await;
    let first = client.last_mail_to("ada@example.com").await;

    let reply = client.verify_email("ada@example.com").await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    let second = client.last_mail_to("ada@example.com").await;
    assert_ne!(first.link(), second.link());
    let access_token = client.open_link(&first).await;
    assert_eq!(
        client.auth_redirect(&access_token, false).await.status,
        StatusCode::OK
    );
    let target = client.follow(second.link()).await;
    assert!(target.query().unwrap().contains("error="), "{target}");
}

#[tokio::test]
async fn every_address_gets_the_same_answer_and_only_a_waiting_one_gets_mail() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let before = app.client().mails_to("ada@example.com").await.len();

    let verified = app.client().verify_email("ada@example.com").await;
    let unknown = app.client().verify_email("nobody@example.com").await;

    assert_eq!((verified.status, &verified.body), (unknown.status, &unknown.body));
    assert_eq!(app.client().mails_to("ada@example.com").await.len(), before);
    assert!(app.client().mails_to("nobody@example.com").await.is_empty());
}
