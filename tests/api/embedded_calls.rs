//! How the app reaches the server inside its own program.

#![cfg(target_os = "linux")]

use std::{collections::HashSet, fs};

use support::TestApp;
use tokio::net::TcpStream;

use crate::PASSWORD;

/// Where the connections of this machine to a port begin, closed ones for a while too.
fn connections_to(port: u16) -> HashSet<String> {
    let ends_with = format!(":{port:04X}");
    let connections = fs::read_to_string("/proc/net/tcp").unwrap();
    connections
        .lines()
        .filter_map(|line| {
            let mut ends = line.split_whitespace().skip(1);
            Some((ends.next()?, ends.next()?))
        })
        .filter(|(_, to)| to.ends_with(&ends_with))
        .map(|(from, _)| from.to_owned())
        .collect()
}

#[tokio::test]
async fn the_app_calls_the_embedded_server_without_a_connection() {
    let app = TestApp::spawn().await;
    let (altogic, _) = app.altogic();
    let port = altogic.port().unwrap();
    // Those to a server that had the port before.
    let old = connections_to(port);
    let new = || connections_to(port).difference(&old).count();

    app.join("Ada Lovelace", "ada@example.com", PASSWORD).await;
    app.profile().await;

    assert_eq!(new(), 0);
    let _connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert_eq!(new(), 1, "a connection is seen");
}
