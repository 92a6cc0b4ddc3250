//! A browser on a slow telephone, and what travels to and from it.

use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::driver::Driver;
use super::{Browser, Console};

/// What went over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were answered from the network; each redirect is one too.
    pub requests: u32,
    /// Bytes of those answers, heads included, as they travelled.
    pub bytes: u64,
}

impl Browser {
    /// Opens a browser that keeps a log of its network. It does not wait for the app, which other
    /// applications do not have.
    pub async fn open_counting(base: &str) -> Self {
        let driver = Driver::start().await;
        let web = driver.counting_session().await;
        let browser = Self {
            base: base.to_owned(),
            web,
            console: Console::default(),
            app_comes: AtomicBool::new(false),
            _driver: driver,
        };
        browser.devtools("Network.enable", json!({})).await;
        browser.devtools("Page.enable", json!({})).await;
        browser
    }

    /// A slow telephone: 1.6 Mbit/s down, 750 kbit/s up, 150 ms more for each request, a
    /// processor four times slower.
    pub async fn slow_down(&self) {
        let (down, up) = (1_600_000 / 8, 750_000 / 8);
        self.throttle(down, up, 150, 4).await;
    }

    /// The machine as it is.
    pub async fn speed_up(&self) {
        self.throttle(-1, -1, 0, 1).await;
    }

    async fn throttle(&self, down: i64, up: i64, latency_ms: u32, cpu: u32) {
        let network = json!({
            "offline": false,
            "downloadThroughput": down,
            "uploadThroughput": up,
            "latency": latency_ms,
        });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", network).await;
        self.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": cpu }))
            .await;
    }

    /// Forgets every file it has kept, and every cookie.
    pub async fn forget(&self) {
        self.devtools("Network.clearBrowserCache", json!({})).await;
        self.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// Forgets every file it has kept.
    pub async fn forget_files(&self) {
        self.devtools("Network.clearBrowserCache", json!({})).await;
    }

    /// Goes on in a new tab, and closes the one it was in. The tab shows a page of nobody's site, as
    /// everybody comes from somewhere: whatever is opened next gets a process of its own, which an
    /// empty tab would give only to pages with a `Cross-Origin-Opener-Policy`. Files and cookies
    /// stay; scripts before pages and throttling do not.
    pub async fn new_tab(&self) {
        let moved = async {
            let tab = self.web.new_tab().await?;
            self.web.close_window().await?;
            self.web.switch_to_window(tab).await?;
            self.web.goto("data:text/html,<title>Elsewhere</title>").await
        };
        moved.await.unwrap_or_else(|error| panic!("no new tab: {error}"));
        self.devtools("Page.enable", json!({})).await;
    }

    /// What travelled since it was last asked.
    ///
    /// # Panics
    /// Unless it was opened by [`Browser::open_counting`].
    pub async fn traffic(&self) -> Traffic {
        let entries = self.web.get_log("performance").await;
        let entries = entries.expect("the browser keeps a log of its network");
        entries.iter().fold(Traffic::default(), |traffic, entry| {
            let event: Value = serde_json::from_str(&entry.message).unwrap_or_default();
            traffic.and(&event["message"])
        })
    }
}

impl Traffic {
    fn and(self, event: &Value) -> Self {
        let parameters = &event["params"];
        let bytes = match event["method"].as_str() {
            Some("Network.loadingFinished") => &parameters["encodedDataLength"],
            Some("Network.requestWillBeSent") => &parameters["redirectResponse"]["encodedDataLength"],
            _ => return self,
        };
        // What comes from the cache, or from the page itself, has no length.
        match bytes.as_f64() {
            Some(bytes) if bytes >= 1.0 => Self {
                requests: self.requests + 1,
                bytes: self.bytes + whole(bytes),
            },
            _ => self,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of bytes, sent as a float"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_travelled_counts() {
        let finished = |bytes: f64| json!({ "method": "Network.loadingFinished", "params": { "encodedDataLength": bytes } });
        let events = [
            json!({ "method": "Network.requestWillBeSent", "params": { "requestId": "1" } }),
            finished(1500.0),
            finished(0.0),
            json!({ "method": "Network.requestWillBeSent", "params": { "redirectResponse": { "encodedDataLength": 120 } } }),
            json!({ "method": "Network.dataReceived", "params": { "encodedDataLength": 7 } }),
        ];

        let traffic = events.iter().fold(Traffic::default(), Traffic::and);

        assert_eq!(
            traffic,
            Traffic {
                requests: 2,
                bytes: 1620
            }
        );
    }
}
