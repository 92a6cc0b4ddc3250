//! The program and its descriptors: it may open more, and silent connections do not use them up.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use reqwest::StatusCode;
use support::{TestBinary, program};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::timeout};

use crate::PASSWORD;

/// The program, started by a shell that limits its open files.
async fn limited(limit: &str) -> (TestBinary, TempDir) {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("limited");
    let text = format!("#!/bin/sh\nulimit {limit}\nexec {} \"$@\"\n", program().display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let app = TestBinary::start_program(script, &[("CONFIRM_EMAIL", "false")]).await;
    (app, folder)
}

/// T-78.
#[tokio::test]
async fn hundreds_of_silent_connections_keep_no_client_out() {
    let (app, _folder) = limited("-n 256").await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let mut silent = Vec::new();
    for _ in 0..400 {
        let connected = timeout(Duration::from_secs(5), TcpStream::connect(app.address())).await;
        silent.extend(connected.map(Result::unwrap));
    }

    let asked = timeout(Duration::from_secs(10), client.profile()).await;
    let stranger = timeout(Duration::from_secs(10), app.client().get("/api/nothing")).await;

    assert_eq!(asked.unwrap().status, StatusCode::OK);
    assert_eq!(stranger.unwrap().status, StatusCode::NOT_FOUND);
    assert!(!app.log().contains("Too many open files"), "{}", app.log());
}

#[tokio::test]
async fn it_raises_its_limit_of_open_files() {
    let (app, _folder) = limited("-Sn 128").await;

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", app.pid())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let mut numbers = files.split_whitespace().skip(3);

    assert_eq!(numbers.next(), numbers.next(), "{files}");
}
