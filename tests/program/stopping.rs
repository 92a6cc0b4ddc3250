//! SIGTERM while requests come in on connections that clients keep: each of them is answered (T-89).

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use support::TestBinary;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);
const CLIENTS: usize = 16;

/// What became of the requests of one client.
#[derive(Debug, Default)]
struct Outcome {
    answered: usize,
    /// Sent, and closed without an answer.
    lost: usize,
    /// Answered, with the word that the connection ends.
    told: usize,
}

/// Asks as a proxy does, on one connection as long as it may, until no new one is taken.
async fn ask_on(address: String) -> Outcome {
    let mut outcome = Outcome::default();
    let mut connection: Option<TcpStream> = None;
    loop {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(&address).await {
                Ok(stream) => stream,
                Err(_) => return outcome,
            },
        };
        let request = "GET /api/profile HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let mut said = vec![0; 8192];
        let sent = stream.write_all(request.as_bytes()).await;
        let length = match sent {
            Ok(()) => stream.read(&mut said).await.unwrap_or(0),
            Err(_) => 0,
        };
        if length == 0 {
            outcome.lost += 1;
            continue;
        }
        let said = String::from_utf8_lossy(&said[..length]);
        assert!(said.starts_with("HTTP/1.1 401"), "{said}");
        outcome.answered += 1;
        if said.contains("connection: close") {
            outcome.told += 1;
        } else {
            connection = Some(stream);
        }
        // Some are busy, and some have short pauses.
        tokio::task::yield_now().await;
    }
}

async fn signal(app: &TestBinary) {
    let pid = app.pid().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &pid]).status().await;
    assert!(sent.unwrap().success());
}

async fn stop_under_load(delay: &str) -> Outcome {
    let mut app = TestBinary::start(&[("STOP_DELAY", delay)]).await;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(ask_on(app.address())))
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let status = app.terminate().await;
    assert!(status.success(), "{status}");
    let mut all = Outcome::default();
    for client in clients {
        let one = timeout(PATIENCE, client).await.unwrap().unwrap();
        all.answered += one.answered;
        all.lost += one.lost;
        all.told += one.told;
    }
    eprintln!("STOP_DELAY={delay}: {all:?}");
    all
}

#[tokio::test]
async fn no_request_of_a_kept_connection_is_lost_when_it_stops_at_once() {
    let all = stop_under_load("0").await;

    assert!(all.answered > CLIENTS && all.told > 0, "{all:?}");
    assert_eq!(all.lost, 0, "{all:?}");
}

#[tokio::test]
async fn no_request_is_lost_when_it_stops_with_a_delay() {
    let all = stop_under_load("1").await;

    assert!(all.told > 10 * CLIENTS, "{all:?}");
    assert_eq!(all.lost, 0, "{all:?}");
}

#[tokio::test]
async fn it_serves_and_is_not_ready_until_the_delay_is_over() {
    let mut app = TestBinary::start(&[("STOP_DELAY", "2")]).await;
    let client = app.client();
    assert_eq!(client.get("/readyz").await.status, StatusCode::OK);

    let start = Instant::now();
    signal(&app).await;
    let not_ready = support::eventually(async || {
        let reply = client.get("/readyz").await;
        (reply.status == StatusCode::SERVICE_UNAVAILABLE).then_some(reply)
    });
    let not_ready = not_ready.await.expect("it says that it stops");
    assert_eq!(not_ready.header("connection"), Some("close"));
    assert_eq!(app.client().get("/healthz").await.status, StatusCode::OK);

    let status = app.wait().await;
    assert!(
        status.success() && start.elapsed() >= Duration::from_secs(2),
        "{status}"
    );
}

#[tokio::test]
async fn a_second_signal_ends_the_delay() {
    let mut app = TestBinary::start(&[("STOP_DELAY", "60")]).await;
    signal(&app).await;
    let client = app.client();
    let stopping = support::eventually(async || {
        let reply = client.get("/readyz").await;
        (reply.status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    });
    stopping.await.expect("it says that it stops");

    app.terminate().await;
}

/// The embedded server alone stops in the same way.
#[tokio::test]
async fn an_altogic_says_that_it_stops_too() {
    let mut altogic = TestBinary::start_altogic(0, "http://localhost", &[("STOP_DELAY", "1")]).await;
    let client = altogic.client();
    assert_eq!(client.get("/readyz").await.status, StatusCode::OK);

    signal(&altogic).await;
    let not_ready = support::eventually(async || {
        let reply = client.get("/readyz").await;
        (reply.status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    });
    not_ready.await.expect("it says that it stops");

    assert!(altogic.wait().await.success());
}
