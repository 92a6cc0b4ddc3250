//! A bare axum server with the payloads of ours, to divide by.

use std::path::Path;
use std::process::Stdio;

use reqwest::header::HeaderValue;
use support::{Client, TestBinary, target_dir};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

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
        let mut child = Command::new(target_dir().join("bench/bare-server"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`make bench` builds the bare server");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let line = BufReader::new(stdout).lines().next_line().await;
        let address = line.ok().flatten().expect("it says its address");
        Self { address, child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("the process is running")
    }
}
