//! A bare axum server with the payloads of ours, to divide by.

use std::path::Path;
use std::process::Stdio;

use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, DATE, HeaderName, TRANSFER_ENCODING};
use support::{Client, target_dir};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Written by every server for itself.
const OWN: [HeaderName; 4] = [DATE, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING];

/// A running bare server; it ends with the value.
pub(crate) struct Bare {
    pub(crate) address: String,
    child: Child,
}

impl Bare {
    /// Starts one that answers `signed_in` as `app` does at `/` and at the profile: the same bytes,
    /// heads included.
    pub(crate) async fn start(signed_in: &Client, folder: &Path) -> Self {
        for (name, path) in [("page", "/"), ("profile", shared::profile::PATH)] {
            let request = signed_in.request(Method::GET, path);
            let reply = request
                .header(ACCEPT_ENCODING, "gzip, deflate, br, zstd")
                .send()
                .await;
            let reply = reply.expect("the system answers");
            let head = reply
                .headers()
                .iter()
                .filter(|(name, _)| !OWN.contains(name))
                .fold(String::new(), |head, (name, value)| {
                    let value = value.to_str().expect("our heads are ASCII");
                    head + name.as_str() + ": " + value + "\n"
                });
            let body = reply.bytes().await.expect("the reply comes to an end");
            let written = std::fs::write(folder.join(format!("{name}.head")), head)
                .and_then(|()| std::fs::write(folder.join(format!("{name}.body")), body));
            written.expect("a temporary folder can be written");
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
