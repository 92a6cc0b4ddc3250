//! [`Breaker`]: stops asking an Altogic that keeps failing, so that nobody waits for it in vain
//! (SECURITY-BAR T-83).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;

use crate::embedded::Clock;

/// Failures in a row after which Altogic is left alone.
const MAX_FAILURES: u32 = 5;
/// How long it is left alone; then one call finds out whether it is back.
const PAUSE: Duration = Duration::from_secs(2);

/// Counts failures in a row; clones share the count.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Since when nobody is let through.
    opened_at: Option<OffsetDateTime>,
}

impl Breaker {
    /// Lets everybody through at first.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// Whether a call may be made. After [`PAUSE`] one may, and the next only another pause later
    /// or after a success; so a call that is given up holds nobody back.
    pub(super) fn lets_through(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(opened_at) = state.opened_at else {
            return true;
        };
        // A clock that was set back ends the pause too.
        let is_over = !(opened_at..opened_at + PAUSE).contains(&now);
        if is_over {
            state.opened_at = Some(now);
        }
        is_over
    }

    /// Altogic answered.
    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// Altogic did not answer, or not in its own words.
    pub(super) fn failed(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= MAX_FAILURES {
            state.opened_at = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Breaker {
        let breaker = Breaker::new(Clock::system());
        for _ in 0..MAX_FAILURES {
            assert!(breaker.lets_through());
            breaker.failed();
        }
        assert!(!breaker.lets_through());
        breaker
    }

    #[test]
    fn a_success_begins_the_count_again() {
        let breaker = Breaker::new(Clock::system());

        for _ in 0..3 {
            for _ in 1..MAX_FAILURES {
                breaker.failed();
            }
            breaker.succeeded();
        }

        assert!(breaker.lets_through());
    }

    #[test]
    fn one_call_finds_out_whether_it_is_over() {
        let breaker = opened();

        breaker.clock.advance(PAUSE);
        assert!(breaker.lets_through());
        assert!(!breaker.lets_through());
        breaker.failed();
        assert!(!breaker.lets_through());
        breaker.clock.advance(PAUSE);
        assert!(breaker.lets_through());
        breaker.succeeded();

        assert!(breaker.lets_through() && breaker.lets_through());
    }

    #[test]
    fn a_call_that_is_given_up_holds_nobody_back() {
        let breaker = opened();

        breaker.clock.advance(PAUSE);
        assert!(breaker.lets_through());
        breaker.clock.advance(PAUSE);

        assert!(breaker.lets_through());
    }
}
