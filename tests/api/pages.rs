//! The site's page, its headers, and what is no page.

use reqwest::{Method, StatusCode};
use support::{Reply, TestApp};

#[tokio::test]
async fn every_page_is_served_and_an_unknown_one_is_a_404_page() {
    let app = TestApp::spawn().await;
    let client = app.client();

    client.plant_cookie("signed_in=1; Path=/");
    for path in [
        "/",
        "/sign-in",
        "/sign-up",
        "/verify-email",
        "/magic-link",
        "/auth-redirect",
        "/profile",
        "/forgot-password",
        "/reset-password",
        "/security",
        "/sign-in?return_to=/profile",
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
    }
    let missing = client.get("/nowhere").await;
    assert_eq!(
        (missing.status, missing.header("content-type")),
        (StatusCode::NOT_FOUND, Some("text/html; charset=utf-8"))
    );
}

#[tokio::test]
async fn pages_allow_no_foreign_and_no_inline_code() {
    let app = TestApp::spawn().await;

    let reply = app.client().get("/").await;

    let policy = reply.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "'wasm-unsafe-eval'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains("nonce"),
        "{policy}"
    );
    let inline = reply.body.matches("<script").count() - reply.body.matches("<script src").count();
    assert!(
        policy.matches("'sha256-").count() <= inline + 3,
        "scripts and the styles: {policy}"
    );
    assert!(!reply.body.contains("style=") && !reply.body.contains(" onload="));
    assert!(
        policy.contains("style-src 'self' 'sha256-") && reply.body.matches("<style").count() == 3,
        "{policy}"
    );
    assert!(reply.header("permissions-policy").is_some());
    assert!(
        reply.header("strict-transport-security").is_none(),
        "plain http must not pin https"
    );
}

/// SECURITY-BAR T-51: files that people upload have the origin of the pages.
#[tokio::test]
async fn a_page_runs_the_site_s_own_script_files_and_no_other_of_its_origin() {
    let app = TestApp::spawn().await;
    let client = app.client();

    let page = client.get("/").await;

    let policy = page.header("content-security-policy").unwrap();
    let sources = policy
        .split(';')
        .find_map(|part| part.trim().strip_prefix("script-src "))
        .unwrap();
    assert!(!sources.contains("'self'"), "{policy}");
    let files: Vec<_> = sources
        .split(' ')
        .filter(|source| source.contains("://"))
        .collect();
    assert!(!files.is_empty(), "{policy}");
    for file in files {
        let path = url::Url::parse(file).unwrap().path().to_owned();
        let extension = std::path::Path::new(&path).extension();
        assert!(extension.is_some_and(|extension| extension == "js"), "{file}");
        let script = client.get(&path).await;
        assert_eq!(script.status, StatusCode::OK, "{file}");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_and_the_page_is_asked_for_again() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let page = client.get("/").await;
    let wasm = page
        .body
        .split(['"', '\'', '=', ' ', '>'])
        .find(|part| part.contains("_bg.wasm"))
        .expect("the page names its wasm");

    let wasm = Reply::of(client.request(Method::GET, wasm).header("accept-encoding", "br")).await;
    let again = client
        .request(Method::GET, "/")
        .header("if-none-match", page.header("etag").unwrap());

    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert_eq!(wasm.header("content-encoding"), Some("br"));
    assert_eq!(
        wasm.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        wasm.header("content-security-policy"),
        Some("default-src 'none'; frame-ancestors 'none'; sandbox"),
        "a file opened by itself may do nothing"
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let again = Reply::of(again).await;
    assert_eq!(
        (again.status, again.body.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_no_page() {
    let app = TestApp::spawn().await;
    let client = app.client();

    for path in [
        "/missing.js",
        "/favicon.gif",
        "/.well-known/nothing",
        "/.env",
        "/.git/config",
    ] {
        assert_eq!(
            client.get(path).await.refusal(),
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    assert_eq!(
        Reply::of(client.request(Method::POST, "/nowhere"))
            .await
            .refusal(),
        (405, "method_not_allowed".to_owned())
    );
}

#[tokio::test]
async fn health_and_readiness_are_told() {
    let app = TestApp::spawn().await;
    let client = app.client();

    assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(client.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn password_managers_find_the_form() {
    let app = TestApp::spawn().await;

    let reply = app.client().get("/.well-known/change-password").await;

    assert_eq!(
        (reply.status, reply.header("location")),
        (StatusCode::SEE_OTHER, Some("/security"))
    );
}
