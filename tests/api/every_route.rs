//! What every route refuses in the same way.

use reqwest::{Method, StatusCode, header};
use support::{Reply, TestApp};

use crate::PASSWORD;

/// The routes with a JSON body, and a body that each of them takes.
const WITH_BODY: [(&str, &str, &str); 11] = [
    (
        "POST",
        "/api/sign-up",
        r#"{"name":"A","email":"a@example.com","password":"correct horse"}"#,
    ),
    ("POST", "/api/verify-email", r#"{"email":"a@example.com"}"#),
    (
        "POST",
        "/api/sign-in",
        r#"{"email":"a@example.com","password":"correct horse"}"#,
    ),
    ("POST", "/api/magic-link", r#"{"email":"a@example.com"}"#),
    ("POST", "/api/auth-redirect", r#"{"access_token":"x"}"#),
    ("PATCH", "/api/profile", r#"{"name":"A"}"#),
    ("DELETE", "/api/profile", r#"{"password":"x"}"#),
    ("POST", "/api/reset-password", r#"{"email":"a@example.com"}"#),
    (
        "PUT",
        "/api/reset-password",
        r#"{"access_token":"x","password":"correct horse"}"#,
    ),
    (
        "POST",
        "/api/change-password",
        r#"{"current_password":"x","new_password":"correct horse"}"#,
    ),
    (
        "POST",
        "/api/change-email",
        r#"{"password":"x","new_email":"b@example.com"}"#,
    ),
];

const PROTECTED: [(&str, &str); 12] = [
    ("GET", "/api/profile"),
    ("PATCH", "/api/profile"),
    ("DELETE", "/api/profile"),
    ("POST", "/api/change-password"),
    ("GET", "/api/change-email"),
    ("POST", "/api/change-email"),
    ("DELETE", "/api/change-email"),
    ("PUT", "/api/avatar"),
    ("DELETE", "/api/avatar"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/abc"),
];

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

#[tokio::test]
async fn without_a_cookie_protected_routes_are_closed() {
    let app = TestApp::spawn().await;
    let client = app.client();

    for (name, path) in PROTECTED {
        let reply = Reply::of(client.request(method(name), path)).await;
        assert_eq!(
            reply.refusal(),
            (401, "missing_session_token".to_owned()),
            "{name} {path}"
        );
    }
}

#[tokio::test]
async fn with_a_stale_cookie_protected_routes_are_closed_and_the_cookie_goes() {
    let app = TestApp::spawn().await;
    let picture =
        || reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::bytes(WHITE_GIF.to_vec()));

    for (name, path) in PROTECTED {
        let client = app.client();
        client.plant_cookie("session_token=long-gone; Path=/");
        let request = client.request(method(name), path);
        let body = WITH_BODY.iter().find(|with| (with.0, with.1) == (name, path));
        let request = match body {
            Some((_, _, body)) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(*body),
            None if name == "PUT" => request.multipart(picture()),
            None => request,
        };
        let reply = Reply::of(request).await;
        assert_eq!(
            reply.refusal(),
            (401, "invalid_session_token".to_owned()),
            "{name} {path}"
        );
        assert_eq!(client.cookie("session_token"), None, "{name} {path}");
    }
}

/// One white pixel.
const WHITE_GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[tokio::test]
async fn another_site_is_refused_everywhere_signed_in_or_not() {
    let app = TestApp::spawn().await;
    let signed_in = app.client();
    signed_in.join("Ada", "ada@example.com", PASSWORD).await;
    let changes = WITH_BODY.iter().map(|(name, path, body)| (*name, *path, *body));
    let changes = changes.chain([
        ("POST", "/api/sign-out", ""),
        ("DELETE", "/api/sessions", ""),
        ("PUT", "/api/avatar", ""),
    ]);

    for (name, path, body) in changes {
        for client in [&signed_in, &app.client()] {
            for (header, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "null"),
            ] {
                let request = client
                    .request(method(name), path)
                    .header("content-type", "application/json");
                let reply = Reply::of(request.header(header, value).body(body)).await;
                assert_eq!(
                    reply.refusal(),
                    (403, "cross_site_request".to_owned()),
                    "{name} {path} {header}: {value}"
                );
            }
        }
    }
    assert_eq!(signed_in.profile().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_program_without_cookies_needs_no_origin_and_one_with_cookies_does() {
    let app = TestApp::spawn().await;
    let program = app.program();
    let sign_in = || {
        let url = app.client().url("/api/sign-in");
        program
            .post(url)
            .json(&serde_json::json!({ "email": "a@example.com", "password": "x" }))
    };

    assert_eq!(
        Reply::of(sign_in()).await.refusal(),
        (401, "invalid_credentials".to_owned())
    );
    let with_cookie = sign_in().header("cookie", "session_token=x");
    assert_eq!(
        Reply::of(with_cookie).await.refusal(),
        (403, "cross_site_request".to_owned())
    );
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = false).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    for (name, path, body) in WITH_BODY {
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "",
        ] {
            let request = client
                .request(method(name), path)
                .header(header::CONTENT_TYPE, media_type)
                .body(body);
            let reply = Reply::of(request).await;
            assert_eq!(
                reply.refusal(),
                (415, "unsupported_media_type".to_owned()),
                "{name} {path} {media_type}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_json_of_the_route_is_refused() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = false).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    for (name, path, _) in WITH_BODY {
        for body in [
            "",
            "{",
            "null",
            "[]",
            "7",
            r#"{"email":7,"name":7,"access_token":7,"password":7}"#,
            "{}",
            "\u{0}",
            "{\"name\": \"\u{1}\"}",
        ] {
            let request = client
                .request(method(name), path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(body);
            let reply = Reply::of(request).await;
            assert_eq!(
                reply.refusal(),
                (400, "invalid_request_body".to_owned()),
                "{name} {path} {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_when_its_length_is_not_told() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = false).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let large = format!(r#"{{"email":"{}"}}"#, "x".repeat(64 * 1024));

    for (name, path, _) in WITH_BODY {
        let request = || {
            client
                .request(method(name), path)
                .header(header::CONTENT_TYPE, "application/json")
        };
        assert_eq!(
            Reply::of(request().body(large.clone())).await.refusal(),
            (413, "body_too_large".to_owned()),
            "{name} {path}"
        );
        let chunks = large
            .as_bytes()
            .chunks(1000)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>();
        let streamed = request().body(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
        assert_eq!(
            Reply::of(streamed).await.refusal(),
            (413, "body_too_large".to_owned()),
            "{name} {path}"
        );
    }
}

#[tokio::test]
async fn under_api_every_miss_is_json() {
    let app = TestApp::spawn().await;
    let client = app.client();

    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/sign-in/",
        "/api/sign-in/x",
        "/api/sessions/a/b",
    ] {
        assert_eq!(
            client.get(path).await.refusal(),
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    for (name, path, allowed) in [
        ("GET", "/api/sign-in", "POST"),
        ("DELETE", "/api/sign-up", "POST"),
        ("POST", "/api/profile", "GET,HEAD,PATCH,DELETE"),
        ("TRACE", "/api/profile", "GET,HEAD,PATCH,DELETE"),
        ("GET", "/api/avatar", "PUT,DELETE"),
        ("PUT", "/api/sessions", "GET,HEAD,DELETE"),
    ] {
        let reply = Reply::of(client.request(method(name), path)).await;
        assert_eq!(
            reply.refusal(),
            (405, "method_not_allowed".to_owned()),
            "{name} {path}"
        );
        let mut told: Vec<&str> = reply.header("allow").unwrap().split(',').collect();
        let mut expected: Vec<&str> = allowed.split(',').collect();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{name} {path}");
    }
}

#[tokio::test]
async fn replies_of_the_api_cannot_be_rendered_or_kept() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    for reply in [
        client.profile().await,
        client.get("/api/nothing").await,
        client.sign_in("x", "y").await,
    ] {
        assert_eq!(
            reply.header("content-type"),
            Some("application/json; charset=utf-8")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        assert!(reply.header("server").is_none() && reply.header("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn reading_changes_nothing() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let user = client.join("Ada", "ada@example.com", PASSWORD).await;

    for (_, path, _) in WITH_BODY {
        for name in ["GET", "HEAD"] {
            client.request(method(name), path).send().await.unwrap();
        }
    }
    for path in ["/api/sign-out", "/api/sessions/x", "/api/avatar"] {
        client.get(path).await;
    }

    assert_eq!(
        client.profile().await.json::<shared::profile::Response>().user,
        user
    );
}
