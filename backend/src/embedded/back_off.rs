//! [`BackOff`]: pauses that grow with the failures of a key.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Clock;

/// How soon the tries of a key are paused, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// Failures without a pause.
    pub(crate) free: u32,
    /// The pause after the first failure beyond those; each next one is twice as long.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
}

impl Pauses {
    fn after(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free + 1) {
            None => Duration::ZERO,
            Some(doublings) => self
                .first
                .saturating_mul(2_u32.saturating_pow(doublings))
                .min(self.longest),
        }
    }
}

/// Failures are forgotten when there was none for so long after the pause.
const FORGET_AFTER: Duration = Duration::from_hours(1);
/// Above this many remembered keys, those that are due are forgotten …
const MAX_REMEMBERED: usize = 100_000;
/// … at most this often, because every key is read for it.
const BETWEEN_CLEANINGS: Duration = Duration::from_secs(5);

/// Counts failures by key. A try counts as a failure from its beginning on, so that many at once
/// gain nothing; success takes it back. A key is remembered as 64 bits of a keyed hash.
pub(crate) struct BackOff {
    clock: Clock,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: HashMap<u64, Failures>,
    cleaned_at: Duration,
}

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    /// The next try is let through from here on; [`Clock::uptime`].
    until: Duration,
}

/// Tries that began together, one for each key.
#[must_use = "a try that succeeded is to be taken back"]
pub(crate) struct Try(Vec<u64>);

impl BackOff {
    /// No failures.
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            hasher: RandomState::new(),
            state: Mutex::default(),
        }
    }

    /// Begins a try under all of these keys, or under none.
    ///
    /// # Errors
    /// How long until every key lets the next one through.
    pub(crate) fn begin<K: Hash>(&self, keys: &[(K, Pauses)]) -> Result<Try, Duration> {
        let now = self.clock.uptime();
        let hashes: Vec<u64> = keys.iter().map(|(key, _)| self.hasher.hash_one(key)).collect();
        let mut state = self.state();
        let until = hashes
            .iter()
            .filter_map(|hash| state.failures.get(hash))
            .map(|failures| failures.until)
            .max();
        if let Some(wait) = until
            .and_then(|until| until.checked_sub(now))
            .filter(|wait| !wait.is_zero())
        {
            return Err(wait);
        }
        state.make_room(now);
        let has_room = state.failures.len() <= MAX_REMEMBERED;
        for (hash, (_, pauses)) in hashes.iter().zip(keys) {
            // Without room, new keys are not counted: the limits of networks still hold.
            if has_room || state.failures.contains_key(hash) {
                let failures = state.failures.entry(*hash).or_default();
                if now > failures.until + FORGET_AFTER {
                    failures.count = 0;
                }
                failures.count = failures.count.saturating_add(1);
                failures.until = now + pauses.after(failures.count);
            }
        }
        Ok(Try(hashes))
    }

    /// The try succeeded: its first `forgiven` keys start afresh, and the others lose just this one
    /// failure.
    pub(crate) fn succeed(&self, succeeded: &Try, forgiven: usize) {
        let mut state = self.state();
        for (index, hash) in succeeded.0.iter().enumerate() {
            if index < forgiven {
                state.failures.remove(hash);
            } else if let Some(failures) = state.failures.get_mut(hash) {
                failures.count = failures.count.saturating_sub(1);
                failures.until = Duration::ZERO;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self, now: Duration) {
        if self.failures.len() > MAX_REMEMBERED && now >= self.cleaned_at + BETWEEN_CLEANINGS {
            self.cleaned_at = now;
            self.failures
                .retain(|_, failures| now <= failures.until + FORGET_AFTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Pauses = Pauses {
        free: 2,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(10),
    };

    fn fail(back_off: &BackOff, key: &str) -> Result<(), Duration> {
        back_off.begin(&[(key, PAUSES)]).map(drop)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<u64> = (0..9).map(|failures| PAUSES.after(failures).as_secs()).collect();

        assert_eq!(pauses, [0, 0, 0, 1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_key_waits_after_its_free_failures_and_another_does_not() {
        let clock = Clock::system();
        let back_off = BackOff::new(&clock);

        for _ in 0..3 {
            fail(&back_off, "a").unwrap();
        }

        assert!(fail(&back_off, "a").unwrap_err() <= Duration::from_secs(1));
        assert!(fail(&back_off, "b").is_ok());
        clock.advance(Duration::from_secs(1));
        assert!(fail(&back_off, "a").is_ok());
        assert!(fail(&back_off, "a").unwrap_err() > Duration::from_secs(1));
    }

    #[test]
    fn success_starts_afresh_where_it_is_forgiven() {
        let clock = Clock::system();
        let back_off = BackOff::new(&clock);
        for _ in 0..2 {
            back_off
                .begin(&[("own", PAUSES), ("all", PAUSES)])
                .map(drop)
                .unwrap();
        }

        let third = back_off.begin(&[("own", PAUSES), ("all", PAUSES)]).unwrap();
        back_off.succeed(&third, 1);

        for _ in 0..3 {
            fail(&back_off, "own").unwrap();
        }
        // Two failures stand: the third is the first that is followed by a pause.
        fail(&back_off, "all").unwrap();
        assert!(fail(&back_off, "all").is_err());
    }

    #[test]
    fn failures_are_forgotten_after_a_quiet_hour() {
        let clock = Clock::system();
        let back_off = BackOff::new(&clock);
        for _ in 0..3 {
            fail(&back_off, "a").unwrap();
        }

        clock.advance(FORGET_AFTER + Duration::from_secs(2));

        for _ in 0..3 {
            fail(&back_off, "a").unwrap();
        }
        assert!(fail(&back_off, "a").is_err());
    }

    #[test]
    fn tries_at_once_gain_nothing() {
        let back_off = BackOff::new(&Clock::system());

        let begun: Vec<_> = (0..100)
            .filter_map(|_| back_off.begin(&[("a", PAUSES)]).ok())
            .collect();

        assert_eq!(begun.len(), 3);
    }
}
