use reqwest::StatusCode;
use support::TestApp;

use crate::PASSWORD;

#[tokio::test]
async fn the_session_ends_on_the_server_too() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let token = client.cookie("session_token").unwrap();

    let reply = client.sign_out().await;

    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(reply.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert_eq!(
        (client.cookie("session_token"), client.cookie("signed_in")),
        (None, None)
    );
    client.plant_cookie(&format!("session_token={token}; Path=/"));
    assert_eq!(
        client.profile().await.refusal(),
        (401, "invalid_session_token".to_owned())
    );
}

#[tokio::test]
async fn signing_out_twice_is_no_error() {
    let app = TestApp::spawn().await;
    let client = app.client();

    assert_eq!(client.sign_out().await.status, StatusCode::NO_CONTENT);
    client.plant_cookie("session_token=long-gone; Path=/");
    assert_eq!(client.sign_out().await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.cookie("session_token"), None);
}
