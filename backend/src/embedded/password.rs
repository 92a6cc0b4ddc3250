//! Hashing and checking passwords: off the async threads, a few at a time, with a bounded queue.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

use super::errors::{self, Result};
use super::ids;

/// The OWASP password storage cheat sheet's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many callers may wait for a core before the next is told to come back.
const WAITING: usize = 64;

/// The one place where passwords are hashed: at most one hash per core at once.
#[derive(Clone)]
pub(crate) struct Passwords {
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// What the password of nobody is checked against, so that an unknown address takes as long. It is
/// nobody's hash; that it is public does not matter, because the outcome is not asked.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM";

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Another password, or nobody's.
    Wrong,
    /// The right one.
    Right,
    /// The right one, hashed with older parameters; here is a hash to replace it.
    RightAndRehashed(String),
}

impl Passwords {
    /// A queue for this machine's cores.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores + WAITING)),
        }
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || hash(&password)).await
    }

    /// Checks a password against a stored hash; `None` costs as much and is always wrong.
    pub(crate) async fn check(&self, password: String, stored: Option<String>) -> Result<Check> {
        self.run(move || match stored {
            Some(stored) => check(&password, &stored),
            None => check(&password, NOBODY).map(|_| Check::Wrong),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| errors::server_busy())?;
        let core = self
            .cores
            .clone()
            .acquire_owned()
            .await
            .context("the hash queue is open")?;
        // The permits move along: a caller who hangs up does not free a core that still works.
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, core);
        let done = tokio::task::spawn_blocking(move || {
            let _held = permits;
            job()
        });
        Ok(done.await.context("hashing ended early")??)
    }
}

fn hasher() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The same characters typed on another keyboard may arrive as other code points
/// (NIST SP 800-63B-4, 3.1.1.2).
fn normalised(password: &str) -> String {
    password.nfc().collect()
}

fn hash(password: &str) -> anyhow::Result<String> {
    let salt = ids::random::<16>();
    let hash = hasher()?
        .hash_password_with_salt(normalised(password).as_bytes(), &salt)
        .map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

fn check(password: &str, stored: &str) -> anyhow::Result<Check> {
    let stored = PasswordHash::new(stored).map_err(|error| anyhow!("stored password hash: {error}"))?;
    if hasher()?
        .verify_password(normalised(password).as_bytes(), &stored)
        .is_err()
    {
        return Ok(Check::Wrong);
    }
    let params = Params::try_from(&stored).map_err(|error| anyhow!("stored password hash: {error}"))?;
    let current =
        stored.algorithm.as_str() == "argon2id" && params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES;
    if current {
        Ok(Check::Right)
    } else {
        hash(password).map(Check::RightAndRehashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_a_phc_string_with_our_parameters() {
        let stored = hash("correct horse").unwrap();

        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(check("correct horse", &stored).unwrap(), Check::Right);
        assert_eq!(check("Correct horse", &stored).unwrap(), Check::Wrong);
    }

    #[test]
    fn two_spellings_of_one_character_are_one_password() {
        let stored = hash("caf\u{e9} au lait").unwrap();

        assert_eq!(check("cafe\u{301} au lait", &stored).unwrap(), Check::Right);
    }

    #[test]
    fn nothing_is_cut_off() {
        let stored = hash(&format!("{}1", "x".repeat(72))).unwrap();

        assert_eq!(
            check(&format!("{}2", "x".repeat(72)), &stored).unwrap(),
            Check::Wrong
        );
    }

    #[test]
    fn an_older_hash_is_replaced_after_a_right_password() {
        let weaker = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8 * 1024, 1, 1, None).unwrap(),
        );
        let stored = weaker
            .hash_password_with_salt(b"correct horse", &[7; 16])
            .unwrap()
            .to_string();

        let Check::RightAndRehashed(renewed) = check("correct horse", &stored).unwrap() else {
            panic!("the hash is kept");
        };

        assert_eq!(check("correct horse", &renewed).unwrap(), Check::Right);
        assert_eq!(check("wrong horse", &stored).unwrap(), Check::Wrong);
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        let passwords = Passwords::new();

        let parameters = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        assert!(NOBODY.starts_with(&parameters), "the work must be the same");
        assert_eq!(
            passwords.check("anything".to_owned(), None).await.unwrap(),
            Check::Wrong
        );
    }

    #[tokio::test]
    async fn a_full_queue_refuses_instead_of_growing() {
        let passwords = Passwords::new();
        let all = u32::try_from(passwords.places.available_permits()).unwrap();
        let _taken = passwords.places.clone().try_acquire_many_owned(all).unwrap();

        assert!(passwords.hash("correct horse".to_owned()).await.is_err());
    }
}
