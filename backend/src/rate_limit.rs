//! Limits tries per client on the routes where somebody could guess, flood or spend our time.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

use crate::{client_address::limiter_key, error::Error, extract::Caller, state::AppState};

/// So many tries at once …
const BURST: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// … and one more after each of these.
const REFILL: Duration = Duration::from_secs(3);
/// Above this many clients the ones with a full allowance are forgotten.
const KEPT_CLIENTS: usize = 10_000;

/// Counts tries per client address; clones share the count.
#[derive(Clone, Debug)]
pub struct Limiter(Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>);

impl Limiter {
    /// A limiter, or one that lets everything pass.
    pub fn new(on: bool) -> Self {
        let quota = Quota::with_period(REFILL).expect("not zero").allow_burst(BURST);
        Self(on.then(|| Arc::new(RateLimiter::dashmap(quota))))
    }

    /// Takes one try from the client's allowance.
    ///
    /// # Errors
    /// How long to wait when there is none left.
    pub(crate) fn take(&self, client: IpAddr) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        if limiter.len() > KEPT_CLIENTS {
            limiter.retain_recent();
        }
        limiter
            .check_key(&limiter_key(client))
            .map_err(|refused| refused.wait_time_from(limiter.clock().now()))
    }
}

/// Counts the request against its client.
///
/// # Errors
/// 429 `rate_limit_exceeded` with `Retry-After`.
pub async fn limit(
    State(app): State<AppState>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if let Some(client) = caller.address {
        app.limiter.take(client).map_err(Error::RateLimited)?;
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_stopped_after_its_burst_and_others_are_not() {
        let limiter = Limiter::new(true);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());

        let passed = (0..100).filter(|_| limiter.take(one).is_ok()).count();

        // A slow machine may earn a try or two while the loop runs.
        assert!((30..40).contains(&passed), "{passed}");
        assert!(limiter.take(one).unwrap_err() <= REFILL);
        assert!(limiter.take(other).is_ok());
    }

    #[test]
    fn off_means_off() {
        let limiter = Limiter::new(false);

        assert!((0..100).all(|_| limiter.take("192.0.2.1".parse().unwrap()).is_ok()));
    }
}
