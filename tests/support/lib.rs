//! What the tests share: the system started in process ([`TestApp`]) or as the release binary
//! ([`TestBinary`]), a [`Client`] that speaks to it like a browser, and a real [`Browser`].
//!
//! Everything runs on loopback ports that the system chooses and in folders that vanish with the
//! test. What goes wrong in here ends the test with words, so nothing returns a `Result`.

#![expect(
    clippy::missing_panics_doc,
    reason = "each of these functions may end the test"
)]

mod altogic;
mod app;
mod binary;
mod browser;
mod client;
mod database;
#[cfg(unix)]
mod disk;
mod fault_proxy;
mod firefox;
mod hostile_pictures;
pub mod http2;
mod mail;
mod picture;
pub mod process;
mod smtp_sink;
mod story;

pub use altogic::TestAltogic;
pub use app::TestApp;
pub use binary::{TestBinary, free_port, program};
pub use browser::{Browser, Traffic};
pub use client::{Client, Reply};
pub use database::problems;
#[cfg(unix)]
pub use disk::{SmallDisk, limit_files, start_by};
pub use fault_proxy::{Fault, FaultProxy};
pub use firefox::Firefox;
pub use hostile_pictures::bombs;
pub use mail::Mail;
pub use picture::{photo, picture, turned};
pub use smtp_sink::{Delivered, SmtpSink};
pub use story::{Stage, System, story, story_in_process};
pub use thirtyfour::Key;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long something may take to happen before the test fails.
/// A call of Altogic may take eight seconds.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether it has happened.
const GLANCE: Duration = Duration::from_millis(25);

/// Asks again and again until there is an answer; `None` after [`PATIENCE`].
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, else `target` at the root of the workspace.
pub fn target_dir() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("this package lies in the workspace");
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// reqwest is built without a choice of cryptography, so that only one kind is linked.
pub fn install_crypto() {
    // A second call fails, and changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
}
