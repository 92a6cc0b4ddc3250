//! Clients that begin and do not go on: their time is limited, others notice nothing.

use std::time::Duration;

use reqwest::StatusCode;
use support::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Above the server's limits of ten seconds, with room for a slow machine.
const PATIENCE: Duration = Duration::from_secs(25);

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url("/").socket_addrs(|| None).unwrap();
    TcpStream::connect(&address[..]).await.unwrap()
}

/// Sends this and nothing more; gives what the server says before it closes.
async fn begin(app: &TestApp, text: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut said))
        .await
        .expect("the server closes")
        .unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_request_that_never_ends_is_closed() {
    let app = TestApp::spawn().await;
    let body = "POST /api/sign-in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 100\r\n\r\n{";

    let client = app.client();
    let (head, body, other) = tokio::join!(
        begin(&app, "GET /api/profile HTTP/1.1\r\nhost: local"),
        begin(&app, body),
        client.get("/healthz"),
    );

    assert!(!head.contains("200 OK"), "{head}");
    assert!(body.starts_with("HTTP/1.1 400"), "{body}");
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn who_sends_a_refused_picture_to_its_end_reads_why() {
    let app = TestApp::spawn().await;
    let mut stream = connect(&app).await;
    // More than sockets hold in their buffers.
    let body = vec![b'x'; 8 * 1024 * 1024];

    for _ in 0..2 {
        let head = format!(
            "PUT {} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
            shared::avatar::PATH,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();

        let mut said = vec![0; 4096];
        let length = stream.read(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said[..length]);
        assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    }
}
