use reqwest::StatusCode;
use support::TestApp;

use crate::PASSWORD;

const NEW: &str = "another horse battery";

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    let app = TestApp::spawn().await;
    let (here, there) = (app.client(), app.client());
    here.join("Ada", "ada@example.com", PASSWORD).await;
    there.sign_in("ada@example.com", PASSWORD).await;

    let reply = here.change_password(PASSWORD, NEW).await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{reply:?}");
    assert_eq!(here.profile().await.status, StatusCode::OK);
    assert_eq!(there.profile().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(there.sign_in("ada@example.com", NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_present_password_is_asked_and_the_new_one_checked() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada Lovelace", "ada@example.com", PASSWORD).await;

    let wrong = client.change_password("wrong password", NEW).await;

    assert_eq!(wrong.refusal(), (401, "invalid_credentials".to_owned()));
    assert!(client.cookie("session_token").is_some());
    for password in ["short", "Password1", "lovelace 1815"] {
        let reply = client.change_password(PASSWORD, password).await;
        assert_eq!(reply.refused_fields(), ["new_password"], "{password}");
    }
    assert_eq!(
        client.change_password("", "").await.refused_fields(),
        ["current_password", "new_password"]
    );
    assert_eq!(
        app.client().change_password(PASSWORD, NEW).await.refusal(),
        (401, "missing_session_token".to_owned())
    );
}
