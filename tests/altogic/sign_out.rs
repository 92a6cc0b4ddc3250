use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn sign_out_ends_the_own_session_and_no_other() {
    let (server, user) = Server::with_user().await;
    let other = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");

    assert_eq!(
        server
            .post("auth/signout", Some(&user.token), json!({}))
            .await
            .status,
        200
    );

    server
        .get("auth/user", Some(&user.token))
        .await
        .refused(401, "invalid_session_token");
    assert_eq!(server.get("auth/user", Some(&other)).await.status, 200);
    assert_eq!(server.post_empty("auth/signout", Some(&other)).await.status, 200);
    server
        .get("auth/user", Some(&other))
        .await
        .refused(401, "invalid_session_token");
}

#[tokio::test]
async fn another_own_session_ends_by_handle_or_by_token() {
    let (server, user) = Server::with_user().await;
    let by_token = server.sign_in("ada@x.io", PASSWORD).await;
    let by_handle = server.sign_in("ada@x.io", PASSWORD).await;

    for named in [by_token.text("/session/token"), by_handle.text("/session/id")] {
        // A second time is no error: it is gone, as asked.
        for _ in 0..2 {
            let reply = server
                .post("auth/signout", Some(&user.token), json!({ "token": named }))
                .await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }

    for ended in [by_token, by_handle] {
        let token = ended.text("/session/token");
        server
            .get("auth/user", Some(&token))
            .await
            .refused(401, "invalid_session_token");
    }
    assert_eq!(server.get("auth/user", Some(&user.token)).await.status, 200);
}

#[tokio::test]
async fn another_users_session_and_nonsense_are_refused_without_signing_anybody_out() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;
    let handle = server
        .get("auth/sessions", Some(&grace.token))
        .await
        .text("/0/id");

    for named in [
        json!(grace.token),
        json!(handle),
        json!("nonsense"),
        json!(5),
        json!({}),
    ] {
        let reply = server
            .post("auth/signout", Some(&ada.token), json!({ "token": named }))
            .await;
        reply.refused(403, "invalid_token");
    }

    for token in [&ada.token, &grace.token] {
        assert_eq!(server.get("auth/user", Some(token)).await.status, 200);
    }
}

#[tokio::test]
async fn sign_out_needs_a_session() {
    let server = Server::start().await;

    for path in ["auth/signout", "auth/signout-all"] {
        server
            .post_empty(path, None)
            .await
            .refused(401, "missing_session_token");
        server
            .post_empty(path, Some("gone"))
            .await
            .refused(401, "invalid_session_token");
    }
}

#[tokio::test]
async fn sign_out_all_ends_the_own_session_too() {
    let (server, user) = Server::with_user().await;
    let other = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");

    assert_eq!(
        server
            .post_empty("auth/signout-all", Some(&user.token))
            .await
            .status,
        200
    );

    for token in [&user.token, &other] {
        server
            .get("auth/user", Some(token))
            .await
            .refused(401, "invalid_session_token");
    }
}
