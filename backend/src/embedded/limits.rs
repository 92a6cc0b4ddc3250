//! How often a visitor may try what can be guessed, mailed or made dear, and how often anybody
//! may try one account.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use shared::Email;

use super::errors::{self, Result};
use super::ids;
use crate::client_address::limiter_key;

/// Calls of one address at once, and then one each second.
const CALLS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
const PAUSE_PER_ADDRESS: Duration = Duration::from_secs(1);
/// Passwords tried on one account at once, and then one each ten seconds. A mail link opens the
/// account even while somebody uses all of them up.
const TRIES_PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const PAUSE_PER_ACCOUNT: Duration = Duration::from_secs(10);
/// Above this many remembered callers, those that could start afresh are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// The endpoints that count.
const LIMITED: [&str; 12] = [
    "/auth/signup-email",
    "/auth/signin-email",
    "/auth/grant",
    "/auth/access-token",
    "/auth/resend",
    "/auth/send-magic",
    "/auth/send-reset",
    "/auth/reset-pwd",
    "/auth/change-pwd",
    "/auth/change-email",
    "/db/object/delete",
    "/db/delete",
];

/// Both counters; `None` lets everybody through.
pub(crate) struct Limits(Option<Counters>);

struct Counters {
    per_address: DefaultKeyedRateLimiter<IpAddr>,
    per_account: DefaultKeyedRateLimiter<String>,
}

impl Limits {
    /// Counters at zero, or none.
    pub(crate) fn new(enabled: bool) -> Self {
        Self(enabled.then(|| Counters {
            per_address: RateLimiter::keyed(quota(CALLS_PER_ADDRESS, PAUSE_PER_ADDRESS)),
            per_account: RateLimiter::keyed(quota(TRIES_PER_ACCOUNT, PAUSE_PER_ACCOUNT)),
        }))
    }

    /// Counts a call. An unknown address and this machine's own are let through: they stand for
    /// nobody in particular.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`.
    pub(crate) fn count_call(&self, path: &str, ip: Option<IpAddr>) -> Result<()> {
        let Some((counters, ip)) = self.0.as_ref().zip(ip) else {
            return Ok(());
        };
        if ip.is_loopback() || !LIMITED.iter().any(|limited| path.ends_with(limited)) {
            return Ok(());
        }
        count(&counters.per_address, &limiter_key(ip))
    }

    /// Counts a password tried on an account, whether there is one or not.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`.
    pub(crate) fn count_try(&self, email: &Email) -> Result<()> {
        let Some(counters) = &self.0 else { return Ok(()) };
        count(&counters.per_account, &ids::digest(email.as_str()))
    }
}

fn quota(burst: NonZeroU32, pause: Duration) -> Quota {
    Quota::with_period(pause).map_or_else(|| Quota::per_second(burst), |quota| quota.allow_burst(burst))
}

fn count<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<()> {
    if limiter.len() > MAX_REMEMBERED {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|refused| {
        let wait = refused.wait_time_from(DefaultClock::default().now());
        errors::rate_limit_exceeded(wait.as_secs() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls_until_refused(limits: &Limits, path: &str, ips: &[&str]) -> usize {
        let mut ips = ips.iter().cycle();
        let mut next = || ips.next().and_then(|ip| ip.parse().ok());
        (0..100)
            .take_while(|_| limits.count_call(path, next()).is_ok())
            .count()
    }

    #[test]
    fn a_network_shares_one_counter() {
        let limits = Limits::new(true);
        let ips = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"];

        assert_eq!(
            calls_until_refused(&limits, "/_api/rest/v1/auth/signin-email", &ips),
            60
        );
        assert_eq!(
            calls_until_refused(&limits, "/_api/rest/v1/auth/signin-email", &["2001:db8:0:1::1"]),
            60
        );
    }

    #[test]
    fn reading_and_this_machine_are_not_counted() {
        let limits = Limits::new(true);

        assert_eq!(
            calls_until_refused(&limits, "/_api/rest/v1/auth/user", &["203.0.113.9"]),
            100
        );
        assert_eq!(
            calls_until_refused(&limits, "/_api/rest/v1/auth/signin-email", &["127.0.0.1"]),
            100
        );
        assert_eq!(
            calls_until_refused(&Limits::new(false), "/auth/grant", &["203.0.113.9"]),
            100
        );
    }
}
