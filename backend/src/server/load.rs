//! [`Load`]: how many requests of a port are in work, and for which more the last places are kept.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::pulse::now_ms;

/// So many sessions are remembered.
const MAX_KNOWN: usize = 20_000;
/// A session is known for so long after its last use, in milliseconds: half a day.
const KNOWN_MS: u64 = 12 * 60 * 60 * 1000;
/// How much time passes before a session's use is noted again, in milliseconds.
const RESOLUTION_MS: u64 = 60_000;

/// What is known of a request's sender before the request is looked at, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing.
    Stranger,
    /// It carries what may be a session's secret.
    Claimant,
    /// It carries the secret of a session that was accepted before, or is a health check.
    Known,
}

/// The requests in work.
#[derive(Debug)]
pub(super) struct Load {
    in_work: AtomicUsize,
    limit: usize,
    known: Mutex<HashMap<u64, u64>>,
    hasher: RandomState,
}

/// A request in work, until it is dropped.
pub(super) struct Permit<'a>(&'a Load);

impl Load {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            in_work: AtomicUsize::new(0),
            limit: limit.max(8),
            known: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Counts a request in, unless there are too many for its sender. The sender's standing is
    /// looked up only when it matters.
    pub(super) fn enter(&self, standing: impl FnOnce() -> Standing) -> Option<Permit<'_>> {
        let in_work = self.in_work.fetch_add(1, Relaxed);
        let permit = Permit(self);
        if in_work < self.limit * 6 / 8 {
            return Some(permit);
        }
        let limit = match standing() {
            Standing::Stranger => self.limit * 6 / 8,
            Standing::Claimant => self.limit * 7 / 8,
            Standing::Known => self.limit,
        };
        (in_work < limit).then_some(permit)
    }

    /// What a session's secret is remembered by; nothing leads back from it.
    pub(super) fn mark(&self, secret: &[u8]) -> u64 {
        self.hasher.hash_one(secret)
    }

    /// The session was accepted just now.
    pub(super) fn note_known(&self, mark: u64) {
        let now = now_ms();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noted_at) = known.get_mut(&mark) {
            if now - *noted_at >= RESOLUTION_MS {
                *noted_at = now;
            }
            return;
        }
        if known.len() >= MAX_KNOWN {
            known.retain(|_, noted_at| now - *noted_at < KNOWN_MS);
        }
        if known.len() < MAX_KNOWN {
            known.insert(mark, now);
        }
    }

    /// Whether this session was accepted lately.
    pub(super) fn is_known(&self, mark: u64) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&mark)
            .is_some_and(|noted_at| now_ms() - noted_at < KNOWN_MS)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_places_are_for_known_sessions() {
        let load = Load::new(8);
        let enter = |standing| load.enter(|| standing);

        let strangers: Vec<_> = (0..8).filter_map(|_| enter(Standing::Stranger)).collect();
        let claimants: Vec<_> = (0..8).filter_map(|_| enter(Standing::Claimant)).collect();
        let known: Vec<_> = (0..8).filter_map(|_| enter(Standing::Known)).collect();
        assert_eq!((strangers.len(), claimants.len(), known.len()), (6, 1, 1));

        drop((strangers, claimants, known));
        assert!(enter(Standing::Stranger).is_some());
    }

    #[test]
    fn a_session_is_known_by_a_mark() {
        let load = Load::new(8);
        let mark = load.mark(b"secret");

        assert!(!load.is_known(mark));
        load.note_known(mark);
        assert!(load.is_known(mark) && !load.is_known(load.mark(b"another")));
    }
}
