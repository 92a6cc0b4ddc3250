//! [`Driver`]: a chromedriver process and the Chromium that it starts.

use std::process::{self, Stdio};

use serde_json::json;
use tempfile::TempDir;
use thirtyfour::{Capabilities, ChromiumLikeCapabilities as _};
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel, WebDriver};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::install_crypto;

/// What makes Chromium run in a container, without a screen, and talk to nobody else.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// One chromedriver on a port of its own; it ends with the value, and its Chromium too.
pub(super) struct Driver {
    url: String,
    profile: TempDir,
    child: Child,
}

impl Driver {
    pub(super) async fn start() -> Self {
        // It takes one port for two kinds of addresses, and ends when the second is taken already.
        let mut tries = 0;
        let (child, mut lines, port) = loop {
            tries += 1;
            if let Some(started) = Self::try_start().await {
                break started;
            }
            assert!(tries < 5, "chromedriver ends before it says its port");
        };
        // A full pipe would stop it.
        tokio::spawn(async move { while matches!(lines.next_line().await, Ok(Some(_))) {} });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            profile: TempDir::new().expect("temporary folders can be made"),
            child,
        }
    }

    async fn try_start() -> Option<(Child, Lines<BufReader<ChildStdout>>, String)> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Chromium stays in the group, so that one signal ends both.
            .process_group(0)
            .spawn()
            .expect("chromedriver is installed: `make setup`");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let mut lines = BufReader::new(stdout).lines();
        let port = loop {
            let line = lines.next_line().await.expect("chromedriver writes text");
            let line = line?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        Some((child, lines, port))
    }

    pub(super) async fn session(&self) -> WebDriver {
        self.begin(self.chrome()).await
    }

    /// A session with a log of the network.
    pub(super) async fn counting_session(&self) -> WebDriver {
        let mut chrome = self.chrome();
        chrome
            .set_logging_prefs("performance", LoggingPrefsLogLevel::All)
            .expect("the setting is JSON");
        self.begin(chrome).await
    }

    /// A session that keeps no cookies.
    pub(super) async fn cookieless_session(&self) -> WebDriver {
        let mut chrome = self.chrome();
        let block = json!({ "profile.default_content_setting_values.cookies": 2 });
        chrome
            .add_experimental_option("prefs", block)
            .expect("the setting is JSON");
        self.begin(chrome).await
    }

    async fn begin(&self, chrome: ChromeCapabilities) -> WebDriver {
        install_crypto();
        let session = WebDriver::new(&self.url, Capabilities::from(chrome)).await;
        session.unwrap_or_else(|error| panic!("Chromium does not start: {error}"))
    }

    fn chrome(&self) -> ChromeCapabilities {
        let mut chrome = ChromeCapabilities::new();
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        for flag in FLAGS.into_iter().chain([profile.as_str()]) {
            chrome.add_arg(flag).expect("a flag is text");
        }
        chrome
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .expect("the setting is JSON");
        chrome
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id() {
            let kill = format!("kill -s KILL -- -{pid}");
            // The group may be gone already.
            drop(process::Command::new("sh").args(["-c", &kill]).status());
        }
    }
}
