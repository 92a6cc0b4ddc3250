use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

const NEW: &str = "a brand new password";

async fn change(server: &Server, session: Option<&str>, old: &str, new: &str) -> Reply {
    let body = json!({ "oldPassword": old, "newPassword": new });
    server.post("auth/change-pwd", session, body).await
}

#[tokio::test]
async fn the_new_password_opens_and_other_sessions_end() {
    let (server, user) = Server::with_user().await;
    let other = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");

    assert_eq!(
        change(&server, Some(&user.token), PASSWORD, NEW).await.status,
        200
    );

    assert_eq!(server.get("auth/user", Some(&user.token)).await.status, 200);
    server
        .get("auth/user", Some(&other))
        .await
        .refused(401, "invalid_session_token");
    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(server.sign_in("ada@x.io", NEW).await.status, 200);
    assert_eq!(
        server.mails("ada@x.io").await[0]["subject"],
        "Your password was changed"
    );
}

#[tokio::test]
async fn a_wrong_old_password_changes_nothing() {
    let (server, user) = Server::with_user().await;

    change(&server, Some(&user.token), "another password", NEW)
        .await
        .refused(401, "invalid_credentials");
    change(&server, None, PASSWORD, NEW)
        .await
        .refused(401, "missing_session_token");
    let both = change(&server, Some(&user.token), "", "short").await;
    assert_eq!(both.refused_fields(), ["newPassword", "oldPassword"]);
    let personal = change(&server, Some(&user.token), PASSWORD, "ada@x.io is me").await;
    assert_eq!(personal.refused_fields(), ["newPassword"]);

    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}
