use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

const APP: &str = "https://app.example";

async fn server() -> Server {
    Server::start_with(|settings| settings.allowed_origins = vec![format!("{APP}/")]).await
}

#[tokio::test]
async fn a_preflight_of_an_allowed_origin_is_answered() {
    let server = server().await;
    let request = server
        .http
        .request(Method::OPTIONS, format!("{}/_api/rest/v1/auth/user", server.base));
    let request = request
        .header("Origin", APP)
        .header("Access-Control-Request-Method", "GET");

    let reply = Reply::of(request).await;

    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), APP);
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    for header in [
        "content-type",
        "x-client",
        "x-client-key",
        "session",
        "authorization",
    ] {
        assert!(
            reply.header("access-control-allow-headers").contains(header),
            "{header}"
        );
    }
    assert!(reply.header("vary").contains("origin"));
}

#[tokio::test]
async fn answers_and_refusals_can_be_read_by_an_allowed_origin() {
    let server = server().await;

    let reply = Reply::of(server.request(Method::GET, "auth/user").header("Origin", APP)).await;

    reply.refused(401, "missing_session_token");
    assert_eq!(reply.header("access-control-allow-origin"), APP);
}

#[tokio::test]
async fn other_origins_are_refused_before_anything_happens() {
    let server = server().await;

    for origin in [
        "https://evil.example",
        "null",
        "http://app.example",
        "https://app.example.evil.example",
    ] {
        let body = json!({ "email": "ada@x.io", "password": PASSWORD });
        let request = server
            .request(Method::POST, "auth/signup-email")
            .header("Origin", origin)
            .json(&body);

        let reply = Reply::of(request).await;

        reply.refused(401, "domain_not_authorized");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    assert!(server.mails("ada@x.io").await.is_empty());
}

#[tokio::test]
async fn without_an_origin_there_are_no_headers() {
    let server = server().await;

    assert_eq!(
        server
            .get("auth/user", None)
            .await
            .header("access-control-allow-origin"),
        ""
    );
}
