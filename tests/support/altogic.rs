//! [`TestAltogic`]: another Altogic, in this process.

use backend::embedded::Clock;
use backend::{Running, Settings};
use tempfile::TempDir;
use url::Url;

use crate::{Client, free_port, install_crypto};

/// An embedded server that stands alone, as `latchkey altogic` starts it.
pub struct TestAltogic {
    /// Its time.
    pub clock: Clock,
    running: Running,
    port: u16,
    _folder: TempDir,
}

impl TestAltogic {
    /// The server with some settings changed.
    pub async fn spawn_with(change: impl FnOnce(&mut Settings)) -> Self {
        install_crypto();
        let port = free_port();
        let folder = TempDir::new().expect("temporary folders can be made");
        let mut settings = Settings {
            data_dir: folder.path().join("data"),
            embedded_addr: ([127, 0, 0, 1], port).into(),
            ..Settings::default()
        };
        change(&mut settings);
        let config = settings
            .check_for(backend::settings::Program::Altogic)
            .expect("the settings fit together");
        let clock = config.clock.clone();
        let running = backend::start_altogic(config).await.expect("the system starts");
        Self {
            clock,
            running,
            port,
            _folder: folder,
        }
    }

    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.running.url
    }

    /// The client key that it asks for.
    pub fn client_key(&self) -> &str {
        &self.running.client_key
    }

    /// The host and port at which it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// For its outbox.
    pub fn client(&self) -> Client {
        Client::new(self.url().as_str())
    }
}
