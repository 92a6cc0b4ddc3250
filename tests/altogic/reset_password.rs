use std::time::Duration;

use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

const NEW: &str = "a brand new password";

async fn reset(server: &Server, key: &str, password: &str) -> Reply {
    server
        .post(
            &format!("auth/reset-pwd?key={key}"),
            None,
            json!({ "newPassword": password }),
        )
        .await
}

async fn mailed_key(server: &Server) -> String {
    assert_eq!(
        server
            .post_empty("auth/send-reset?email=ada@x.io", None)
            .await
            .status,
        200
    );
    assert_eq!(
        server.mails("ada@x.io").await[0]["subject"],
        "Reset your password"
    );
    server.mailed_key("ada@x.io").await
}

#[tokio::test]
async fn a_mailed_link_sets_a_password_once_and_ends_every_session() {
    let (server, user) = Server::with_user().await;
    let key = mailed_key(&server).await;
    let link = server.open(server.mailed_link("ada@x.io").await.as_str()).await;
    assert!(
        link.header("location")
            .ends_with(&format!("status=200&action=reset-pwd&access_token={key}"))
    );

    assert_eq!(
        reset(&server, &key, "short").await.refused_fields(),
        ["newPassword"]
    );
    assert_eq!(reset(&server, &key, NEW).await.status, 200);

    server
        .get("auth/user", Some(&user.token))
        .await
        .refused(401, "invalid_session_token");
    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(server.sign_in("ada@x.io", NEW).await.status, 200);
    reset(&server, &key, "another new password")
        .await
        .refused(403, "invalid_access_token");
    assert_eq!(
        server.mails("ada@x.io").await[0]["subject"],
        "Your password was changed"
    );
}

#[tokio::test]
async fn a_token_resets_only_what_it_is_for() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    let reset_key = mailed_key(&server).await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let magic_key = server.mailed_key("ada@x.io").await;

    reset(&server, &magic_key, NEW)
        .await
        .refused(401, "invalid_token_type");
    server
        .get(&format!("auth/grant?key={reset_key}"), None)
        .await
        .refused(401, "invalid_token_type");
    reset(&server, "", NEW).await.refused(400, "missing_access_token");
    reset(&server, "made-up", NEW)
        .await
        .refused(403, "invalid_access_token");

    assert_eq!(reset(&server, &reset_key, NEW).await.status, 200);
    // What the old password's owner had under way is over.
    server
        .get(&format!("auth/grant?key={magic_key}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn a_reset_link_lives_an_hour() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    let key = mailed_key(&server).await;

    server.clock.advance(Duration::from_mins(61));

    reset(&server, &key, NEW)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn every_well_formed_address_gets_one_answer() {
    let server = Server::start().await;
    server.sign_up("waits@x.io").await;

    for email in ["waits@x.io", "nobody@x.io"] {
        assert_eq!(
            server
                .post_empty(&format!("auth/send-reset?email={email}"), None)
                .await
                .status,
            200
        );
    }
    assert_eq!(
        server
            .post_empty("auth/send-reset?email=x", None)
            .await
            .refused_fields(),
        ["email"]
    );

    assert_eq!(server.mails("waits@x.io").await.len(), 1);
    assert!(server.mails("nobody@x.io").await.is_empty());
}
