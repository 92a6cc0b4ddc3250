//! An Altogic that is away, slow, or broken: the visitor stays signed in, and is told.

use std::net::SocketAddr;

use reqwest::StatusCode;
use support::{Client, TestApp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// An Altogic that answers every call in one way.
struct Broken {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Takes the request and closes.
    Close,
    /// Half of what it announced.
    Half,
    /// Takes the request and says nothing.
    Silence,
    /// Bytes for ever.
    Endless,
    /// This, word for word.
    Says(&'static str),
}

impl Broken {
    async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, fault));
            }
        });
        Self { address, task }
    }
}

async fn answer(mut stream: TcpStream, fault: Fault) {
    let mut request = [0; 16 * 1024];
    if stream.read(&mut request).await.is_err() {
        return;
    }
    let mut say = async |text: &str| stream.write_all(text.as_bytes()).await.is_ok();
    match fault {
        Fault::Close => {}
        Fault::Half => {
            say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"_id\":")
                .await;
        }
        Fault::Silence => std::future::pending().await,
        Fault::Endless => {
            say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[").await;
            while say(&" ".repeat(4096)).await {}
        }
        Fault::Says(text) => {
            say(text).await;
        }
    }
}

/// A visitor who is signed in as far as this browser knows.
async fn visitor(fault: Fault) -> (TestApp, Client, Broken) {
    let broken = Broken::start(fault).await;
    let url = format!("http://{}/e:62d3ea15", broken.address).parse().unwrap();
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(url);
        settings.altogic_client_key = Some("key".to_owned());
    })
    .await;
    let client = app.client();
    client.plant_cookie("session_token=a-session; Path=/");
    (app, client, broken)
}

#[tokio::test]
async fn every_fault_is_told_and_keeps_the_cookie() {
    for (fault, status) in [
        (Fault::Close, 502),
        (Fault::Half, 502),
        (Fault::Endless, 502),
        (
            Fault::Says("HTTP/1.1 500 Oops\r\ncontent-length: 13\r\n\r\n<html></html>"),
            502,
        ),
        (
            Fault::Says("HTTP/1.1 400 Bad\r\ncontent-length: 13\r\n\r\n<html></html>"),
            502,
        ),
        (
            Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>"),
            502,
        ),
        (Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 502),
        (
            Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnull"),
            502,
        ),
        (
            Fault::Says("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"_id\":7}"),
            502,
        ),
        (Fault::Says("HTTP/1.1 204 No Content\r\n\r\n"), 502),
        (
            Fault::Says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
            502,
        ),
        (Fault::Says("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), 503),
        (Fault::Says("no HTTP at all"), 502),
    ] {
        let (_app, client, _broken) = visitor(fault).await;

        let reply = client.profile().await;

        assert_eq!(
            reply.refusal(),
            (status, "altogic_unavailable".to_owned()),
            "{fault:?}"
        );
        assert!(reply.header("retry-after").is_some(), "{fault:?}");
        assert_eq!(
            client.cookie("session_token").as_deref(),
            Some("a-session"),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_503_and_not_ready() {
    let (_app, client, broken) = visitor(Fault::Silence).await;
    drop(broken);

    let refused = support::eventually(async || {
        let reply = client.profile().await;
        (reply.status == StatusCode::SERVICE_UNAVAILABLE).then_some(reply)
    });

    assert_eq!(
        refused.await.unwrap().refusal(),
        (503, "altogic_unavailable".to_owned())
    );
    assert_eq!(
        client.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(client.get("/").await.status, StatusCode::OK);
    assert_eq!(client.cookie("session_token").as_deref(), Some("a-session"));
}

#[tokio::test]
async fn silence_is_504_within_the_time_limit() {
    let (_app, client, _broken) = visitor(Fault::Silence).await;

    let reply = client.profile().await;

    assert_eq!(reply.refusal(), (504, "altogic_unavailable".to_owned()));
}

#[tokio::test]
async fn signing_out_forgets_the_session_here_and_says_that_it_lives_on_there() {
    let (_app, client, _broken) = visitor(Fault::Close).await;

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
    let (_app, client, _broken) = visitor(Fault::Says(answer.leak())).await;

    let reply = client.profile().await;

    assert_eq!(reply.refusal(), (502, "altogic_unavailable".to_owned()));
    assert_eq!(client.cookie("session_token").as_deref(), Some("a-session"));
}
