//! Clients that go on sending after they were refused.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::Server;

/// Above the server's limit of ten seconds for a pause.
const PATIENCE: Duration = Duration::from_secs(25);

/// Of a body that no socket holds in its buffers.
const LENGTH: usize = 8 * 1024 * 1024;

async fn connect(server: &Server) -> TcpStream {
    let address = server.base.trim_start_matches("http://");
    TcpStream::connect(address).await.unwrap()
}

fn upload_head(more: &str) -> String {
    format!("POST /_api/rest/v1/storage/bucket/upload-object HTTP/1.1\r\nhost: a\r\n{more}\r\n")
}

async fn said(stream: &mut TcpStream) -> String {
    let mut said = vec![0; 4096];
    let length = timeout(PATIENCE, stream.read(&mut said)).await.unwrap().unwrap();
    String::from_utf8_lossy(&said[..length]).into_owned()
}

#[tokio::test]
async fn a_refused_request_is_read_to_its_end_and_its_connection_lives_on() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;

    for _ in 0..2 {
        let head = upload_head(&format!("content-length: {LENGTH}\r\n"));
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; LENGTH]).await.unwrap();

        let reply = said(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 401"), "{reply}");
        assert!(reply.contains("missing_client_key"), "{reply}");
        assert!(!reply.contains("connection: close"), "{reply}");
    }
}

#[tokio::test]
async fn a_client_that_stops_sending_is_answered_and_closed() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let head = upload_head("content-length: 100\r\n");

    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"half").await.unwrap();

    let reply = said(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 401"), "{reply}");
    assert!(reply.contains("connection: close"), "{reply}");
    assert_eq!(said(&mut stream).await, "");
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_before_it_sends() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let head = upload_head("content-length: 100\r\nexpect: 100-continue\r\n");

    stream.write_all(head.as_bytes()).await.unwrap();

    assert!(said(&mut stream).await.starts_with("HTTP/1.1 401"));
}
