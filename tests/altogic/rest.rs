use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

#[tokio::test]
async fn an_unknown_path_is_a_json_404() {
    let server = Server::start().await;

    server
        .get("auth/nothing", None)
        .await
        .refused(404, "resource_not_found");
    server
        .open("/_api/rest/v2/auth/user")
        .await
        .refused(404, "resource_not_found");
    server.open("/_api").await.refused(404, "resource_not_found");
}

#[tokio::test]
async fn what_is_not_here_is_answered_as_switched_off() {
    let (server, user) = Server::with_user().await;

    for path in [
        "signup-phone",
        "signin-phone",
        "signin-code?code=1&phone=2",
        "send-code?phone=1",
        "verify-phone",
    ] {
        server
            .post_empty(&format!("auth/{path}"), None)
            .await
            .refused(401, "not_allowed");
    }
    server
        .post_empty("auth/change-phone", None)
        .await
        .refused(401, "missing_session_token");
    server
        .post_empty("auth/change-phone", Some(&user.token))
        .await
        .refused(401, "not_allowed");
    for path in ["object/create", "object/set", "create", "compute", "search-text"] {
        server
            .post_empty(&format!("db/{path}"), None)
            .await
            .refused(401, "missing_session_token");
        server
            .post_empty(&format!("db/{path}"), Some(&user.token))
            .await
            .refused(403, "unauthorized");
    }
    let provider = server.open("/_auth/google").await;
    assert_eq!(provider.status, 302);
    assert_eq!(
        provider.header("location"),
        "http://app.example/auth-redirect?lang=en&status=401&action=oauth-signin\
         &error=This+way+to+sign+in+is+not+set+up+here"
    );
}

#[tokio::test]
async fn a_wrong_method_is_a_json_405_that_names_the_right_one() {
    let server = Server::start().await;

    let reply = Reply::of(server.request(Method::DELETE, "auth/user")).await;

    reply.refused(405, "method_not_allowed");
    assert!(reply.header("allow").contains("GET"), "{:?}", reply.headers);
}

#[tokio::test]
async fn a_client_key_is_needed() {
    let server = Server::start().await;
    let url = format!("{}/_api/rest/v1/auth/user", server.base);

    Reply::of(server.http.get(&url))
        .await
        .refused(401, "missing_client_key");
    Reply::of(server.http.get(&url).header("X-Client-Key", "another"))
        .await
        .refused(401, "invalid_client_key");
}

#[tokio::test]
async fn a_client_key_of_the_settings_is_accepted_too() {
    let server = Server::start_with(|settings| settings.client_key = Some("mine".to_owned())).await;
    let url = format!("{}/_api/rest/v1/auth/user", server.base);

    Reply::of(server.http.get(&url).header("X-Client-Key", "mine"))
        .await
        .refused(401, "missing_session_token");
}

#[tokio::test]
async fn an_api_key_is_no_client_key() {
    let server = Server::start().await;
    let url = format!("{}/_api/rest/v1/auth/user", server.base);

    Reply::of(
        server
            .http
            .get(&url)
            .header("X-Client-Key", "an-api-key-of-the-tests"),
    )
    .await
    .refused(401, "invalid_client_key");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_before_the_key_is_looked_at() {
    let server = Server::start().await;
    let url = format!("{}/_api/rest/v1/auth/signin-email", server.base);

    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let request = server
            .http
            .post(&url)
            .header("Content-Type", media_type)
            .body("{}");

        Reply::of(request).await.refused(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn broken_json_is_refused() {
    let server = Server::start().await;

    for body in ["{", "[]", "null", "\"text\"", "{\"email\":}"] {
        let request = server.request(Method::POST, "auth/signin-email");
        let request = request.header("Content-Type", "application/json").body(body);

        Reply::of(request)
            .await
            .refused(400, "invalid_request_body_syntax");
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let server = Server::start().await;
    let body = json!({ "email": "a@b.c", "password": "x".repeat(2 * 1024 * 1024) });

    server
        .post("auth/signin-email", None, body)
        .await
        .refused(413, "request_body_size_too_large");
}

#[tokio::test]
async fn a_missing_session_beats_a_wrong_field() {
    let server = Server::start().await;

    server
        .post("db/object/update", None, json!({}))
        .await
        .refused(401, "missing_session_token");
    server
        .post("db/object/update", Some("wrong"), json!({}))
        .await
        .refused(401, "invalid_session_token");
}

#[tokio::test]
async fn answers_are_not_stored_or_sniffed() {
    let server = Server::start().await;

    let reply = server.get("auth/user", None).await;

    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_full_hash_queue_answers_503() {
    let server = std::sync::Arc::new(Server::start().await);
    let tries: Vec<_> = (0..200)
        .map(|number| {
            let server = server.clone();
            tokio::spawn(async move { server.sign_in(&format!("u{number}@x.io"), PASSWORD).await })
        })
        .collect();

    let mut busy = 0;
    for one in tries {
        let reply = one.await.unwrap();
        if reply.status == 503 {
            reply.refused(503, "server_busy");
            assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
            assert_eq!(reply.body["errors"][0]["origin"], "server_error");
            busy += 1;
        } else {
            reply.refused(401, "invalid_credentials");
        }
    }
    assert!(busy > 0);
    server
        .sign_in("later@x.io", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
}
