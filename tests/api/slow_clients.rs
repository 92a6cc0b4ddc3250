//! Clients that begin and do not go on: their time is limited, others notice nothing.

use std::time::Duration;

use reqwest::StatusCode;
use support::{TestApp, http2};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Far above the limits of these tests, with room for a slow machine.
const PATIENCE: Duration = Duration::from_secs(25);
/// The limits.
const SHORT: Duration = Duration::from_millis(400);

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url("/").socket_addrs(|| None).unwrap();
    TcpStream::connect(&address[..]).await.unwrap()
}

/// Sends this and nothing more; gives what the server says before it closes.
async fn begin(app: &TestApp, text: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    // A reset is an end too.
    drop(
        timeout(PATIENCE, stream.read_to_end(&mut said))
            .await
            .expect("the server closes"),
    );
    String::from_utf8_lossy(&said).into_owned()
}

/// The system with times that tests can wait for.
async fn hurried() -> TestApp {
    TestApp::spawn_limited(
        |_| (),
        |limits| {
            limits.first_byte = SHORT;
            limits.head = SHORT;
            limits.idle = SHORT;
            limits.stall = SHORT;
            limits.body_pause = SHORT;
            limits.body_grace = SHORT * 2;
            limits.body_rate = 1_000_000;
        },
    )
    .await
}

/// T-78.
#[tokio::test]
async fn a_connection_that_says_nothing_or_half_a_thing_is_closed() {
    let app = hurried().await;

    for beginning in [
        "",
        "G",
        "GET /api/profile HTTP/1.1\r\nhost: local",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let said = begin(&app, beginning).await;
        assert!(!said.contains("200 OK"), "{beginning:?}: {said}");
    }
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}

/// T-78.
#[tokio::test]
async fn a_head_that_arrives_byte_by_byte_is_closed() {
    let app = hurried().await;
    for before in ["", "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut stream = connect(&app).await;
        stream.write_all(before.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let trickle = async {
            for byte in b"GET / HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'x')) {
                if writing.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(SHORT / 4).await;
            }
        };
        let closed = async {
            let mut said = Vec::new();
            // A reset is an end too.
            drop(reading.read_to_end(&mut said).await);
        };

        tokio::select! {
            () = trickle => (),
            closed = timeout(PATIENCE, closed) => closed.expect("the server closes"),
        }
    }
}

/// T-78.
#[tokio::test]
async fn an_idle_connection_of_either_protocol_is_closed() {
    let app = hurried().await;

    let http1 = begin(&app, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(http1.starts_with("HTTP/1.1 200"), "{http1}");

    let mut stream = connect(&app).await;
    stream.write_all(&http2::start(&[])).await.unwrap();
    stream.write_all(&http2::get(b"/healthz")).await.unwrap();
    let mut said = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut said))
        .await
        .expect("the server closes")
        .unwrap();
    assert!(said.windows(3).any(|window| window == b"ok\n"), "{said:?}");
}

/// T-79.
#[tokio::test]
async fn a_body_that_pauses_or_trickles_is_answered_408() {
    let app = hurried().await;
    let head = "POST /api/sign-in HTTP/1.1\r\nhost: localhost\r\norigin: ORIGIN\r\n\
                content-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let head = head.replace("ORIGIN", app.url("/").as_str().trim_end_matches('/'));

    let pausing = begin(&app, &head).await;
    assert!(pausing.starts_with("HTTP/1.1 408"), "{pausing}");
    assert!(pausing.contains("request_timeout"), "{pausing}");

    let mut stream = connect(&app).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let trickle = async {
        while writing.write_all(b" ").await.is_ok() {
            tokio::time::sleep(SHORT / 4).await;
        }
    };
    let mut said = [0; 16];
    let answer = timeout(PATIENCE, reading.read(&mut said));
    tokio::select! {
        () = trickle => panic!("closed without an answer"),
        length = answer => assert!(length.unwrap().unwrap() > 0),
    }
    assert!(said.starts_with(b"HTTP/1.1 408"), "{said:?}");
}

/// T-79.
#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let app = hurried().await;
    let mut stream = connect(&app).await;
    let requests = "GET /api/nothing HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    let write = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, write).await.expect("the server closes");

    // A window of nothing: the body of the answer can never be sent.
    let mut stream = connect(&app).await;
    stream
        .write_all(&http2::start(&[0, 4, 0, 0, 0, 0]))
        .await
        .unwrap();
    stream.write_all(&http2::get(b"/healthz")).await.unwrap();
    let mut said = Vec::new();
    drop(
        timeout(PATIENCE, stream.read_to_end(&mut said))
            .await
            .expect("the server closes"),
    );
    assert!(!said.windows(3).any(|window| window == b"ok\n"), "{said:?}");
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

/// A refused body of any route is read to its end: clients that write everything first see why.
#[tokio::test]
async fn a_json_body_that_is_too_large_is_refused_in_words() {
    let app = TestApp::spawn().await;
    let mut stream = connect(&app).await;
    let body = vec![b' '; 2 * 1024 * 1024];
    let origin = app.url("/").origin().ascii_serialization();

    for _ in 0..2 {
        let head = format!(
            "POST /api/sign-in HTTP/1.1\r\nhost: a\r\norigin: {origin}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();

        let mut said = vec![0; 4096];
        let length = timeout(PATIENCE, stream.read(&mut said)).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&said[..length]);
        assert!(
            said.starts_with("HTTP/1.1 413") && said.contains("body_too_large"),
            "{said}"
        );
    }
}
