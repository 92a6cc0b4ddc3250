//! How the app reaches the server inside its own program.

#![cfg(target_os = "linux")]

use std::fs;

use support::TestApp;
use tokio::net::TcpStream;

use crate::PASSWORD;

/// How many connections of this machine lead to a port, closed ones for a while too.
fn connections_to(port: u16) -> usize {
    let ends_with = format!(":{port:04X}");
    let connections = fs::read_to_string("/proc/net/tcp").unwrap();
    connections
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|remote| remote.ends_with(&ends_with))
        .count()
}

#[tokio::test]
async fn the_app_calls_the_embedded_server_without_a_connection() {
    let app = TestApp::spawn().await;
    let (altogic, _) = app.altogic();
    let port = altogic.port().unwrap();

    app.join("Ada Lovelace", "ada@example.com", PASSWORD).await;
    app.profile().await;

    assert_eq!(connections_to(port), 0);
    let _connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert_eq!(connections_to(port), 1, "a connection is seen");
}
