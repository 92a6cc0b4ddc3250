//! [`KeyedLimiter`]: a rate limit for each key, with bounded memory.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::embedded::Clock;

/// Above this many remembered keys, those that could start afresh are forgotten.
const MAX_REMEMBERED: usize = 100_000;
/// How long is waited between two cleanings, which read every key.
const BETWEEN_CLEANINGS: Duration = Duration::from_secs(5);

/// So many at once for each key, and one more after each pause. A key is remembered as 64 bits of
/// a keyed hash.
pub struct KeyedLimiter {
    limiter: RateLimiter<u64, DashMapStateStore<u64>, Uptime, NoOpMiddleware<Duration>>,
    clock: Clock,
    hasher: RandomState,
    /// Milliseconds of [`Clock::uptime`].
    cleaned_at: AtomicU64,
}

#[derive(Clone, Debug)]
struct Uptime(Clock);

impl GovernorClock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

impl KeyedLimiter {
    /// Lets `burst` pass at once, and one more after each `pause`, which is not zero.
    pub fn new(burst: NonZeroU32, pause: Duration, clock: &Clock) -> Self {
        let quota = Quota::with_period(pause)
            .unwrap_or_else(|| Quota::per_second(burst))
            .allow_burst(burst);
        Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), Uptime(clock.clone())),
            clock: clock.clone(),
            hasher: RandomState::new(),
            cleaned_at: AtomicU64::new(0),
        }
    }

    /// Takes one from the key's allowance.
    ///
    /// # Errors
    /// How long until the next one, when there is none left. While too many keys are remembered,
    /// none is refused: other limits hold.
    pub fn take(&self, key: impl Hash) -> Result<(), Duration> {
        if self.limiter.len() > MAX_REMEMBERED && !self.clean() {
            return Ok(());
        }
        self.limiter
            .check_key(&self.hasher.hash_one(key))
            .map_err(|refused| refused.wait_time_from(self.clock.uptime()))
    }

    /// Whether there is room after a cleaning, which is made once in a while.
    fn clean(&self) -> bool {
        let now = u64::try_from(self.clock.uptime().as_millis()).unwrap_or(u64::MAX);
        let last = self.cleaned_at.load(Ordering::Relaxed);
        let due = last + u64::try_from(BETWEEN_CLEANINGS.as_millis()).unwrap_or(u64::MAX);
        let ours = now >= due
            && self
                .cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if ours {
            self.limiter.retain_recent();
        }
        self.limiter.len() <= MAX_REMEMBERED
    }
}

impl std::fmt::Debug for KeyedLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedLimiter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stopped_after_its_burst_until_a_pause_is_over_and_others_are_not() {
        let clock = Clock::system();
        let limiter = KeyedLimiter::new(NonZeroU32::new(3).unwrap(), Duration::from_mins(10), &clock);

        let passed = (0..10).filter(|_| limiter.take("one").is_ok()).count();

        assert_eq!(passed, 3);
        assert!(limiter.take("one").unwrap_err() <= Duration::from_mins(10));
        assert!(limiter.take("other").is_ok());
        clock.advance(Duration::from_mins(10));
        assert!(limiter.take("one").is_ok());
        assert!(limiter.take("one").is_err());
    }
}
