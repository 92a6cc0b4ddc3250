//! [`Readiness`]: whether accounts can be used now.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{altogic::Altogic, embedded::Embedded};

/// How long an answer is given again, good or bad.
const KEPT: Duration = Duration::from_secs(1);

/// Finds out whether Altogic answers and its database can be written, at most once a second and once
/// at a time, however many ask; clones share the answer.
#[derive(Clone)]
pub struct Readiness {
    /// `None`: the embedded server alone, without the app.
    altogic: Option<Altogic>,
    /// `None`: another Altogic, which shows no more of its database than its answers.
    embedded: Option<Embedded>,
    latest: Arc<Mutex<Option<Found>>>,
}

#[derive(Clone, Copy)]
struct Found {
    at: Instant,
    state: State,
}

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Accounts can be used.
    Ready,
    /// Altogic does not answer, or fails.
    Unreachable,
    /// The embedded server's database takes no writes.
    ReadOnly,
}

impl Readiness {
    /// Of the app; nothing is asked yet.
    pub fn new(altogic: Altogic, embedded: Option<Embedded>) -> Self {
        Self {
            altogic: Some(altogic),
            embedded,
            latest: Arc::default(),
        }
    }

    /// Of the embedded server alone.
    pub fn of_embedded(embedded: Embedded) -> Self {
        Self {
            altogic: None,
            embedded: Some(embedded),
            latest: Arc::default(),
        }
    }

    /// What was found out within the last second.
    pub async fn state(&self) -> State {
        let mut latest = Arc::clone(&self.latest).lock_owned().await;
        if let Some(found) = latest.filter(|found| found.at.elapsed() < KEPT) {
            return found.state;
        }
        // On a task of its own: a caller that leaves must not make the next one ask again.
        let this = self.clone();
        let asked = tokio::spawn(async move {
            let state = this.find_out().await;
            *latest = Some(Found {
                at: Instant::now(),
                state,
            });
            state
        });
        asked.await.unwrap_or(State::Unreachable)
    }

    async fn find_out(&self) -> State {
        if let Some(altogic) = &self.altogic
            && !altogic.is_reachable().await
        {
            return State::Unreachable;
        }
        match &self.embedded {
            Some(embedded) if !embedded.is_writable().await => State::ReadOnly,
            _ => State::Ready,
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}
