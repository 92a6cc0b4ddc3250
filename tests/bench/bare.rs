//! A bare axum server with the payloads of ours, to divide by: this program, started once more.

use std::path::Path;
use std::process::Stdio;

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse;
use axum::routing::get;
use support::{Client, TestBinary};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The first argument of the program that makes it serve.
pub(crate) const COMMAND: &str = "bare-server";

/// What `/` and the profile answer with, and in which encoding the page is.
const FILES: [&str; 3] = ["page", "encoding", "profile"];

/// A running bare server; it ends with the value.
pub(crate) struct Bare {
    pub(crate) address: String,
    child: Child,
}

impl Bare {
    /// Starts one that answers as `app` does: the same bytes at `/`, and for `signed_in` at
    /// the profile.
    pub(crate) async fn start(app: &TestBinary, signed_in: &Client, folder: &Path) -> Self {
        let page = app.client().http.get(app.client().url("/"));
        let page = page
            .header("accept-encoding", "gzip, deflate, br, zstd")
            .send()
            .await;
        let page = page.expect("the system answers");
        let encoding = page.headers().get("content-encoding").cloned();
        let encoding = encoding.unwrap_or(HeaderValue::from_static("identity"));
        let contents = [
            page.bytes().await.expect("the page comes to an end").to_vec(),
            encoding.as_bytes().to_vec(),
            signed_in.profile().await.body.into_bytes(),
        ];
        for (file, content) in FILES.iter().zip(contents) {
            std::fs::write(folder.join(file), content).expect("a temporary folder can be written");
        }
        let program = std::env::current_exe().expect("this program has a file");
        let mut child = Command::new(program)
            .arg(COMMAND)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("this program can be started again");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let line = BufReader::new(stdout).lines().next_line().await;
        let address = line.ok().flatten().expect("it says its address");
        Self { address, child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("the process is running")
    }
}

/// Serves the files of the working directory until it is killed.
pub(crate) async fn serve() {
    let [page, encoding, profile] = FILES.map(|file| std::fs::read(file).expect("the bench wrote it"));
    let encoding = HeaderValue::from_bytes(&encoding).expect("it was a header");
    let (page, profile) = (axum::body::Bytes::from(page), axum::body::Bytes::from(profile));
    let typed = |media_type| {
        (
            HeaderName::from_static("content-type"),
            HeaderValue::from_static(media_type),
        )
    };
    let page_headers = [
        typed("text/html; charset=utf-8"),
        (HeaderName::from_static("content-encoding"), encoding),
    ];
    let router = Router::new()
        .route("/", get(async move || (page_headers, page).into_response()))
        .route(
            shared::profile::PATH,
            get(async move || ([typed("application/json")], profile).into_response()),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback has free ports");
    println!("{}", listener.local_addr().expect("a listener has an address"));
    axum::serve(listener, router)
        .await
        .expect("it serves until it is killed");
}
