use reqwest::StatusCode;
use support::{Reply, TestApp};

use crate::PASSWORD;

#[tokio::test]
async fn leaving_takes_everything_along_and_frees_the_address() {
    let app = TestApp::spawn().await;
    let (here, there) = (app.client(), app.client());
    here.join("Ada", "ada@example.com", PASSWORD).await;
    there.sign_in("ada@example.com", PASSWORD).await;
    let reply = here
        .put_avatar(support::picture(64, 64, image::ImageFormat::Png), "image/png")
        .await;
    let picture = reply
        .json::<shared::profile::Response>()
        .user
        .profile_picture
        .unwrap();

    let reply = here.delete_account(PASSWORD).await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{reply:?}");
    assert_eq!(here.cookie("session_token"), None);
    assert_eq!(
        there.profile().await.refusal(),
        (401, "invalid_session_token".to_owned())
    );
    assert_eq!(
        Reply::of(there.http.get(&picture)).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(app.client().mails_to("ada@example.com").await.is_empty());
    assert_eq!(
        app.client().sign_in("ada@example.com", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    app.client()
        .join("Another Ada", "ada@example.com", PASSWORD)
        .await;
}

#[tokio::test]
async fn a_wrong_password_deletes_nothing() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    assert_eq!(
        client.delete_account("wrong password").await.refusal(),
        (401, "invalid_credentials".to_owned())
    );
    assert_eq!(client.delete_account("").await.refused_fields(), ["password"]);
    assert_eq!(
        app.client().delete_account(PASSWORD).await.refusal(),
        (401, "missing_session_token".to_owned())
    );

    assert_eq!(client.profile().await.status, StatusCode::OK);
    let sessions = client
        .sessions()
        .await
        .json::<shared::sessions::Response>()
        .sessions;
    assert_eq!(sessions.len(), 1, "no session is left over from the proof");
}
