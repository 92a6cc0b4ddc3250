//! How often a failing Altogic is asked.

use std::time::Duration;

use support::{Client, Fault, FaultProxy, TestAltogic, TestApp};

use crate::PASSWORD;

const EMAIL: &str = "ada@example.com";
/// After this, one more call is made of an Altogic that kept failing.
const PAUSE: Duration = Duration::from_secs(2);

/// A signed-in visitor of a system whose Altogic is behind a proxy.
async fn visitor() -> (TestApp, Client, FaultProxy, TestAltogic) {
    let altogic = TestAltogic::spawn_with(|settings| settings.confirm_email = false).await;
    let proxy = FaultProxy::start(&altogic.address()).await;
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(proxy.url().parse().unwrap());
        settings.altogic_client_key = Some(altogic.client_key().to_owned());
    })
    .await;
    let client = app.client();
    client.join("Ada", EMAIL, PASSWORD).await;
    (app, client, proxy, altogic)
}

#[tokio::test]
async fn what_only_reads_is_asked_again_and_then_succeeds() {
    let (_app, client, proxy, _altogic) = visitor().await;
    proxy.set(Some(Fault::Resets));
    let lift = async {
        let met = support::eventually(async || proxy.take_requests().into_iter().next());
        assert_eq!(met.await.as_deref(), Some("GET /_api/rest/v1/auth/user"));
        proxy.set(None);
    };

    let (reply, ()) = tokio::join!(client.profile(), lift);

    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_read_is_made_at_most_three_times() {
    for fault in [Fault::Resets, Fault::Half, Fault::HTML_500] {
        let (_app, client, proxy, _altogic) = visitor().await;
        proxy.set(Some(fault));

        assert_eq!(client.sessions().await.status, 502);

        assert_eq!(
            proxy.take_requests(),
            ["GET /_api/rest/v1/auth/sessions"; 3],
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn what_changes_something_is_sent_exactly_once() {
    for fault in [Fault::Resets, Fault::Half, Fault::HTML_500] {
        let (_app, client, proxy, _altogic) = visitor().await;
        proxy.set(Some(fault));
        let sent = async |path: &str| {
            assert_eq!(proxy.take_requests(), [path], "{fault:?}");
        };

        client.sign_in(EMAIL, PASSWORD).await;
        sent("POST /_api/rest/v1/auth/signin-email").await;
        client.sign_up("Grace", "grace@example.com", PASSWORD).await;
        sent("POST /_api/rest/v1/auth/signup-email").await;
        client.auth_redirect("a-token", true).await;
        sent("GET /_api/rest/v1/auth/grant").await;
        client.reset_password("a-token", PASSWORD).await;
        sent("POST /_api/rest/v1/auth/reset-pwd").await;
    }
}

#[tokio::test]
async fn an_altogic_that_keeps_failing_is_left_alone_and_asked_again_later() {
    let (app, client, proxy, _altogic) = visitor().await;
    proxy.set(Some(Fault::Resets));
    for _ in 0..5 {
        assert_eq!(client.magic_link(EMAIL).await.status, 502);
    }
    assert_eq!(proxy.take_requests().len(), 5);

    for _ in 0..3 {
        let reply = client.profile().await;
        assert_eq!(reply.refusal(), (503, "altogic_unavailable".to_owned()));
        assert!(reply.header("retry-after").is_some());
        assert!(client.cookie("session_token").is_some());
    }
    assert!(proxy.take_requests().is_empty());

    app.clock.advance(PAUSE);
    assert_eq!(client.magic_link(EMAIL).await.status, 502);
    assert_eq!(client.magic_link(EMAIL).await.status, 503);
    assert_eq!(proxy.take_requests().len(), 1);

    proxy.set(None);
    assert_eq!(client.profile().await.status, 503);
    app.clock.advance(PAUSE);
    for _ in 0..3 {
        assert_eq!(client.profile().await.status, 200);
    }
}

#[tokio::test]
async fn whoever_asks_whether_the_system_is_ready_ends_the_waiting() {
    let (_app, client, proxy, _altogic) = visitor().await;
    proxy.set(Some(Fault::Resets));
    for _ in 0..5 {
        client.magic_link(EMAIL).await;
    }
    proxy.set(None);
    assert_eq!(client.profile().await.status, 503);

    assert_eq!(client.get("/readyz").await.status, 200);

    assert_eq!(client.profile().await.status, 200);
}

#[tokio::test]
async fn refusals_and_limits_are_no_failures() {
    let (_app, client, proxy, _altogic) = visitor().await;
    let body = r#"{"errors":[{"origin":"server_error","code":"server_busy","message":"m"}]}"#;
    let busy = format!(
        "HTTP/1.1 503 Busy\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    proxy.set(Some(Fault::Says(busy.leak())));

    for _ in 0..9 {
        assert_eq!(client.sign_in(EMAIL, PASSWORD).await.status, 503);
    }

    assert_eq!(proxy.take_requests().len(), 9);
}
