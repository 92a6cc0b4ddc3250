//! [`Firefox`]: a headless Firefox, asked over Marionette, its own protocol: a length, a colon, and
//! a message of JSON, `[0, number, command, parameters]`, answered by `[1, number, error, result]`.
//! <https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::eventually;

/// What makes it talk to nobody else, and listen on a port that the system chooses.
const SETTINGS: &str = r#"
user_pref("marionette.port", 0);
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1:1");
user_pref("signon.rememberSignons", false);
"#;

/// A Firefox with a profile of its own; it ends with the value.
pub struct Firefox {
    stream: TcpStream,
    number: u32,
    _child: Child,
    // Dropped after the process.
    _profile: TempDir,
}

impl Firefox {
    /// Opens one with these settings on top, lines of a `user.js`.
    pub async fn open(settings: &str) -> Self {
        let profile = TempDir::new().expect("temporary folders can be made");
        let written = std::fs::write(profile.path().join("user.js"), SETTINGS.to_owned() + settings);
        written.expect("the folder can be written");
        let child = Command::new("firefox")
            .args(["--headless", "--marionette", "--no-remote", "--profile"])
            .arg(profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Firefox is installed: `make setup`");
        let stream = eventually(async || {
            let port = std::fs::read_to_string(profile.path().join("MarionetteActivePort")).ok()?;
            let port: u16 = port.trim().parse().ok()?;
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        });
        let mut firefox = Self {
            stream: stream.await.expect("Firefox says its port"),
            number: 0,
            _child: child,
            _profile: profile,
        };
        // It greets first.
        firefox.read().await;
        firefox.call("WebDriver:NewSession", json!({})).await;
        firefox
    }

    /// Goes to this address.
    pub async fn goto(&mut self, url: &str) {
        self.call("WebDriver:Navigate", json!({ "url": url })).await;
    }

    /// Types into the element, or gives a file's path to a picker.
    pub async fn send_keys(&mut self, selector: &str, keys: &str) {
        let id = self.find(selector).await;
        let keys = json!({ "id": id, "text": keys });
        self.call("WebDriver:ElementSendKeys", keys).await;
    }

    /// Gives a file to a picker.
    pub async fn choose_file(&mut self, selector: &str, path: &Path) {
        let path = path.to_str().expect("the test's path is UTF-8");
        self.send_keys(selector, path).await;
    }

    /// Clicks the element.
    pub async fn click(&mut self, selector: &str) {
        let id = self.find(selector).await;
        self.call("WebDriver:ElementClick", json!({ "id": id })).await;
    }

    /// Waits until this text is on the page.
    pub async fn see(&mut self, text: &str) {
        let text = json!(text);
        self.wait_until(&format!("document.body.innerText.includes({text})"))
            .await;
    }

    /// Waits until a script's expression is true.
    pub async fn wait_until(&mut self, expression: &str) {
        let script = format!("return !!({expression})");
        let holds = eventually(async || (self.script(&script).await == true).then_some(()));
        if holds.await.is_none() {
            let text = self.script("return document.body.innerText").await;
            panic!("not so: {expression}\n{text}");
        }
    }

    /// Runs a script and gives what it returns; `null` if it fails.
    pub async fn script(&mut self, script: &str) -> Value {
        let script = json!({ "script": script, "args": [] });
        let answer = self.ask("WebDriver:ExecuteScript", script).await;
        answer.unwrap_or_default()["value"].take()
    }

    async fn find(&mut self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = eventually(async || self.ask("WebDriver:FindElement", wanted.clone()).await.ok());
        let Some(found) = found.await else {
            panic!("Firefox finds no {selector}");
        };
        let id = found["value"].as_object().and_then(|names| names.values().next());
        let id = id.and_then(Value::as_str).expect("an element has an id");
        id.to_owned()
    }

    async fn call(&mut self, command: &str, parameters: Value) -> Value {
        let answer = self.ask(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    async fn ask(&mut self, command: &str, parameters: Value) -> Result<Value, Value> {
        self.number += 1;
        let message = json!([0, self.number, command, parameters]).to_string();
        let message = format!("{}:{message}", message.len());
        let sent = self.stream.write_all(message.as_bytes()).await;
        sent.expect("Firefox listens");
        let mut answer = self.read().await;
        match answer[2].take() {
            Value::Null => Ok(answer[3].take()),
            error => Err(error),
        }
    }

    async fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            match self.stream.read_u8().await.expect("Firefox answers") {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut message = vec![0; length];
        let read = self.stream.read_exact(&mut message).await;
        read.expect("the answer is whole");
        serde_json::from_slice(&message).expect("Firefox answers in JSON")
    }
}
