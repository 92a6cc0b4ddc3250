//! An Altogic that is away, slow, or broken: the visitor stays signed in, and is told.

use std::time::Duration;

use futures_util::future::join_all;
use image::ImageFormat;
use reqwest::{Method, StatusCode};
use shared::SessionId;
use support::{Client, Fault, FaultProxy, Reply, TestApp, picture};

use crate::PASSWORD;

/// After this, one more call is made of an Altogic that kept failing.
const PAUSE: Duration = Duration::from_secs(2);

/// A visitor who is signed in as far as this browser knows, and an Altogic that answers every call
/// in one way.
async fn visitor(fault: Fault) -> (TestApp, Client, FaultProxy) {
    let proxy = FaultProxy::start("127.0.0.1:1").await;
    proxy.set(Some(fault));
    let url = format!("{}/e:62d3ea15", proxy.url()).parse().unwrap();
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(url);
        settings.altogic_client_key = Some("key".to_owned());
        settings.rate_limits = false;
    })
    .await;
    let client = app.client();
    client.plant_cookie("session_token=a-session; Path=/");
    (app, client, proxy)
}

const FAULTS: [Fault; 15] = [
    Fault::Refuses,
    Fault::Resets,
    Fault::Half,
    Fault::Endless,
    Fault::HTML_500,
    Fault::REDIRECTS,
    Fault::Says("HTTP/1.1 400 Bad\r\ncontent-length: 13\r\n\r\n<html></html>"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"errors\":[]}"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 26\r\n\r\n{\"errors\":[{\"code\":\"no\"}]}"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[7"),
    Fault::Says("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
    Fault::Says("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n"),
    Fault::Says("no HTTP at all"),
];

/// Replies that are fine where no value is expected, and nowhere else.
const EMPTY: [Fault; 5] = [
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    Fault::Says("HTTP/1.1 204 No Content\r\n\r\n"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"_id\":7}"),
    Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n[{\"token\":1}]"),
];

/// The routes that need a value of Altogic.
const ASKING: [&str; 11] = [
    "profile",
    "rename",
    "sessions",
    "end_session",
    "put_avatar",
    "delete_avatar",
    "sign_up",
    "sign_in",
    "auth_redirect",
    "auth_redirect, confirmed",
    "delete_account",
];

/// The other routes, but that of signing out, which has a test of its own.
const TELLING: [&str; 8] = [
    "end_other_sessions",
    "verify_email",
    "magic_link",
    "send_reset",
    "reset_password",
    "change_password",
    "change_email",
    "cancel_email_change",
];

async fn call(client: &Client, route: &str) -> Reply {
    let email = "ada@example.com";
    match route {
        "profile" => client.profile().await,
        "rename" => client.rename("Ada").await,
        "sessions" => client.sessions().await,
        "end_session" => {
            let id = SessionId::try_from("an-id".to_owned()).unwrap();
            client.end_session(&id).await
        }
        "put_avatar" => {
            client
                .put_avatar(picture(8, 8, ImageFormat::Png), "image/png")
                .await
        }
        "delete_avatar" => client.delete_avatar().await,
        "sign_up" => client.sign_up("Ada", email, PASSWORD).await,
        "sign_in" => client.sign_in(email, PASSWORD).await,
        "auth_redirect" => client.auth_redirect("a-token", false).await,
        "auth_redirect, confirmed" => client.auth_redirect("a-token", true).await,
        "delete_account" => client.delete_account(PASSWORD).await,
        "end_other_sessions" => client.end_other_sessions().await,
        "verify_email" => client.verify_email(email).await,
        "magic_link" => client.magic_link(email).await,
        "send_reset" => client.send_reset(email).await,
        "reset_password" => client.reset_password("a-token", PASSWORD).await,
        "change_password" => client.change_password(PASSWORD, "another horse battery").await,
        "change_email" => client.change_email(PASSWORD, "new@example.com").await,
        "cancel_email_change" => Reply::of(client.request(Method::DELETE, "/api/change-email")).await,
        _ => panic!("{route} is no route"),
    }
}

/// Every one of these routes tells the fault, and keeps the cookie.
async fn all_tell(fault: Fault, routes: &[&[&str]]) {
    let (app, client, _proxy) = visitor(fault).await;
    for route in routes.concat() {
        app.clock.advance(PAUSE);

        let reply = call(&client, route).await;

        let (status, code) = reply.refusal();
        assert_eq!(code, "altogic_unavailable", "{route} {fault:?}");
        assert!(matches!(status, 502 | 503), "{route} {fault:?}: {status}");
        assert!(reply.header("retry-after").is_some(), "{route} {fault:?}");
        let cookie = client.cookie("session_token");
        assert_eq!(cookie.as_deref(), Some("a-session"), "{route} {fault:?}");
    }
}

#[tokio::test]
async fn every_route_tells_every_fault_and_keeps_the_cookie() {
    let faults = FAULTS.into_iter();
    join_all(faults.map(|fault| all_tell(fault, &[&ASKING, &TELLING]))).await;
    join_all(EMPTY.map(|fault| all_tell(fault, &[&ASKING]))).await;
}

#[tokio::test]
async fn a_fault_has_the_status_of_its_kind() {
    for (fault, status) in [
        (Fault::Resets, 502),
        (Fault::Half, 502),
        (Fault::HTML_500, 502),
        (Fault::REDIRECTS, 502),
        (Fault::Says("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), 503),
        (Fault::Refuses, 503),
        (Fault::Silent, 504),
    ] {
        let (_app, client, _proxy) = visitor(fault).await;

        assert_eq!(client.profile().await.status.as_u16(), status, "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_not_ready_but_alive() {
    let (_app, client, _proxy) = visitor(Fault::Refuses).await;

    assert_eq!(
        client.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(client.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_forgets_the_session_here_and_says_that_it_lives_on_there() {
    let (_app, client, _proxy) = visitor(Fault::Resets).await;

    let reply = client.sign_out().await;

    assert_eq!(reply.refusal(), (502, "altogic_unavailable".to_owned()));
    assert_eq!(client.cookie("session_token"), None);
}

#[tokio::test]
async fn a_wrong_key_of_ours_is_no_ones_signing_out() {
    let body = r#"{"errors":[{"origin":"client_error","code":"invalid_client_key","message":"m"}]}"#;
    let answer = format!(
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (_app, client, _proxy) = visitor(Fault::Says(answer.leak())).await;

    let reply = client.profile().await;

    assert_eq!(reply.refusal(), (502, "altogic_unavailable".to_owned()));
    assert_eq!(client.cookie("session_token").as_deref(), Some("a-session"));
}

#[tokio::test]
async fn pages_without_the_app_say_so_and_keep_what_was_typed() {
    let (_app, client, _proxy) = visitor(Fault::HTML_500).await;
    client.plant_cookie("signed_in=1; Path=/");

    let profile = client.get("/profile?plain").await;
    assert_eq!(profile.status, StatusCode::BAD_GATEWAY);
    assert!(
        profile.body.contains("Cannot reach the account service") && profile.body.contains("Try again"),
        "{profile:?}"
    );
    assert!(client.cookie("session_token").is_some(), "still signed in");

    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sign_in = client.post_form("/sign-in", &fields).await;
    assert_eq!(sign_in.status, StatusCode::BAD_GATEWAY);
    assert!(
        sign_in.body.contains("Cannot reach the account service") && sign_in.body.contains("ada@example.com"),
        "{sign_in:?}"
    );
    assert!(!sign_in.body.contains(PASSWORD));
}
