//! Hashing and checking passwords: on threads of their own, one per core, behind a bounded queue,
//! so that nobody else ever waits for a hash.

mod argon2id;
mod threads;

use anyhow::Context;
pub(crate) use argon2id::Check;
use argon2id::Memory;
use threads::Threads;

use super::errors::{self, Result};

/// How many callers may wait for a core before the next is told to come back. A hash takes some
/// 50 ms, so on two cores the last of them waits about as long as `server_busy` says.
const WAITING: usize = 64;

/// The one place where passwords are hashed: at most one hash per core at once.
pub(crate) struct Passwords(Threads<Memory>);

impl Passwords {
    /// A queue for this machine's cores.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn new() -> std::io::Result<Self> {
        if cfg!(feature = "bench") {
            tracing::error!("this build is for measurements: it does not protect passwords");
        }
        Threads::start("password", WAITING).map(Self)
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move |memory| argon2id::hash(&password, memory)).await
    }

    /// Checks a password against a stored hash; `None` costs as much and is always wrong.
    pub(crate) async fn check(&self, password: String, stored: Option<String>) -> Result<Check> {
        self.run(move |memory| argon2id::check(&password, stored.as_deref(), memory))
            .await
    }

    /// # Errors
    /// 503 `server_busy` when the queue is full.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.0.run(work).await.map_err(|_| errors::server_busy())?;
        Ok(done.context("hashing ended early")??)
    }
}
