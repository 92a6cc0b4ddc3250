//! More than the server bears: it says so at once, and people who are signed in get through (T-80).

use std::time::Duration;

use reqwest::StatusCode;
use support::{Client, TestApp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::PASSWORD;

const PATIENCE: Duration = Duration::from_secs(20);
/// Connections of this test's server.
const CONNECTIONS: usize = 16;

/// A server of few connections, and somebody who is signed in there.
async fn small() -> (TestApp, Client) {
    let app = TestApp::spawn_limited(
        |_| (),
        |limits| {
            limits.connections = CONNECTIONS;
            limits.connections_per_network = CONNECTIONS;
            limits.evict_after = Duration::from_millis(100);
        },
    )
    .await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    // From here on the server knows her session.
    assert_eq!(client.profile().await.status, StatusCode::OK);
    (app, client)
}

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url("/").socket_addrs(|| None).unwrap();
    TcpStream::connect(&address[..]).await.unwrap()
}

/// A connection whose request is never whole.
async fn begin(app: &TestApp) -> TcpStream {
    let mut stream = connect(app).await;
    let head = "POST /api/sign-in HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                origin: ORIGIN\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";
    let head = head.replace("ORIGIN", &app.url("/").origin().ascii_serialization());
    stream.write_all(head.as_bytes()).await.unwrap();
    // "100 Continue" says that it is in work.
    let mut said = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut said))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&said, b"HTTP/1.1 100");
    stream
}

/// What a new connection is answered, with these headers.
async fn ask(app: &TestApp, path: &str, headers: &str) -> String {
    let mut stream = connect(app).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut said))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// T-78.
#[tokio::test]
async fn silent_connections_keep_no_visitor_out() {
    let (app, client) = small().await;
    let mut silent = Vec::new();
    for _ in 0..4 * CONNECTIONS {
        silent.push(connect(&app).await);
    }

    let stranger = timeout(PATIENCE, ask(&app, "/healthz", "")).await.unwrap();
    let signed_in = timeout(PATIENCE, client.profile()).await.unwrap();

    assert!(stranger.starts_with("HTTP/1.1 200"), "{stranger}");
    assert_eq!(signed_in.status, StatusCode::OK);
}

#[tokio::test]
async fn above_the_bound_strangers_are_told_at_once_and_the_signed_in_get_through() {
    let (app, client) = small().await;
    let cookie = format!(
        "cookie: session_token={}\r\n",
        client.cookie("session_token").unwrap()
    );
    drop(client);
    let mut busy = Vec::new();
    // Idle connections of the client's pool lose their places to these.
    let mut refused = false;
    while !refused && busy.len() <= 4 * CONNECTIONS {
        refused = match timeout(PATIENCE, ask(&app, "/api/nothing", "")).await.unwrap() {
            said if said.starts_with("HTTP/1.1 503") => true,
            _ => {
                busy.push(begin(&app).await);
                false
            }
        };
    }
    assert!(refused, "{} connections are in work", busy.len());

    let api = ask(&app, "/api/nothing", "").await;
    let page = ask(&app, "/sign-in", "").await;
    let signed_in = ask(&app, shared::profile::PATH, &cookie).await;
    let probe = ask(&app, "/healthz", "").await;

    for said in [&api, &page] {
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
        assert!(
            said.contains("retry-after: ") && said.contains("connection: close"),
            "{said}"
        );
        assert!(said.contains("x-content-type-options: nosniff"), "{said}");
    }
    assert!(api.contains("\"server_busy\""), "{api}");
    assert!(page.contains("content-type: text/html"), "{page}");
    assert!(signed_in.starts_with("HTTP/1.1 200"), "{signed_in}");
    assert!(probe.starts_with("HTTP/1.1 200"), "{probe}");

    drop(busy);
    let again = async { while !ask(&app, "/healthz", "").await.starts_with("HTTP/1.1 200") {} };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn the_last_requests_in_work_are_for_known_sessions() {
    let app = TestApp::spawn_limited(|_| (), |limits| limits.requests = 8).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    // Its session is known from now on.
    assert_eq!(client.profile().await.status, StatusCode::OK);
    let mut busy = Vec::new();
    for _ in 0..6 {
        busy.push(begin(&app).await);
    }

    let stranger = ask(&app, "/api/nothing", "").await;
    let signed_in = client.profile().await;

    assert!(stranger.starts_with("HTTP/1.1 503"), "{stranger}");
    assert_eq!(signed_in.status, StatusCode::OK);
    // The embedded server's port counts by itself.
    let (altogic, _) = app.altogic();
    let other = app.program().get(altogic.clone()).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}
