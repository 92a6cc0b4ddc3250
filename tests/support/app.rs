//! [`TestApp`]: the whole system in this process.

use std::ops::Deref;
use std::path::PathBuf;

use backend::embedded::Clock;
use backend::{Running, ServerLimits, Settings};
use tempfile::TempDir;

use crate::{Client, install_crypto};

/// The real backend and embedded server, on free ports and in a temporary folder.
///
/// It is the first [`Client`] too, so a test with one browser says `app.sign_in(…)`.
pub struct TestApp {
    /// The embedded server's time.
    pub clock: Clock,
    client: Client,
    running: Running,
    folder: TempDir,
}

impl TestApp {
    /// The system with its defaults.
    pub async fn spawn() -> Self {
        Self::spawn_with(|_| ()).await
    }

    /// The system with some settings changed.
    ///
    /// # Panics
    /// When the settings do not fit together.
    pub async fn spawn_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::spawn_limited(change, |_| ()).await
    }

    /// The system with some settings and some limits of its ports changed.
    ///
    /// # Panics
    /// When the settings do not fit together.
    pub async fn spawn_limited(
        change: impl FnOnce(&mut Settings),
        limit: impl FnOnce(&mut ServerLimits),
    ) -> Self {
        install_crypto();
        let folder = TempDir::new().expect("temporary folders can be made");
        let mut settings = Settings {
            listen_addr: ([127, 0, 0, 1], 0).into(),
            data_dir: folder.path().join("data"),
            ..Settings::default()
        };
        change(&mut settings);
        let mut config = settings.check().expect("the settings fit together");
        limit(&mut config.limits);
        let clock = config.clock.clone();
        let running = backend::start(config).await.expect("the system starts");
        Self {
            clock,
            client: Client::new(running.url.as_str()),
            running,
            folder,
        }
    }

    /// Another browser, which knows nothing of the first.
    pub fn client(&self) -> Client {
        Client::new(self.running.url.as_str())
    }

    /// A program that sends what its caller says and nothing else.
    pub fn program(&self) -> reqwest::Client {
        reqwest::Client::new()
    }

    /// Where the embedded Altogic listens, and the client key that it asks for.
    pub fn altogic(&self) -> (&url::Url, &str) {
        (&self.running.altogic_url, &self.running.client_key)
    }

    /// Where it keeps what must last.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops the system as SIGTERM does.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
