//! Rate limits for routes that can be brute-forced, send mail, or are expensive.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use crate::{
    client_address::{limiter_key, wide_limiter_key},
    cookies::Cookies,
    device_cookie::Device,
    embedded::{Clock, DEVICE_ID_BYTES},
    error::Error,
    extract::Caller,
    keyed_limiter::KeyedLimiter,
    state::AppState,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

/// So many tries of a network at once …
const BURST: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
/// … and one more after each of these.
const REFILL: Duration = Duration::from_secs(3);
/// The same for the wider network above it.
const WIDE_BURST: NonZeroU32 = NonZeroU32::new(150).expect("not zero");
const WIDE_REFILL: Duration = Duration::from_millis(600);
/// The same for a browser that signed in here before, when its network has none left.
const DEVICE_BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const DEVICE_REFILL: Duration = Duration::from_secs(10);

/// Counts tries; clones share the count.
#[derive(Clone, Debug)]
pub struct Limiter(Option<Arc<Counters>>);

#[derive(Debug)]
struct Counters {
    networks: KeyedLimiter,
    wide_networks: KeyedLimiter,
    devices: KeyedLimiter,
}

impl Limiter {
    /// A limiter, or one that lets everything pass.
    pub fn new(on: bool, clock: &Clock) -> Self {
        Self(on.then(|| {
            Arc::new(Counters {
                networks: KeyedLimiter::new(BURST, REFILL, clock),
                wide_networks: KeyedLimiter::new(WIDE_BURST, WIDE_REFILL, clock),
                devices: KeyedLimiter::new(DEVICE_BURST, DEVICE_REFILL, clock),
            })
        }))
    }

    /// Takes one try from the client's allowance. A browser with a device cookie has an allowance of
    /// its own beside that of its network.
    ///
    /// # Errors
    /// How long to wait when there is none left.
    fn take(
        &self,
        client: IpAddr,
        device: impl FnOnce() -> Option<[u8; DEVICE_ID_BYTES]>,
    ) -> Result<(), Duration> {
        let Some(counters) = &self.0 else { return Ok(()) };
        let Err(wait) = counters.take_network(client) else {
            return Ok(());
        };
        match device() {
            Some(device) => counters.devices.take(device),
            None => Err(wait),
        }
    }
}

impl Counters {
    fn take_network(&self, client: IpAddr) -> Result<(), Duration> {
        self.networks.take(limiter_key(client))?;
        match wide_limiter_key(client) {
            Some(wide) => self.wide_networks.take(wide),
            None => Ok(()),
        }
    }
}

/// Counts the request against its client.
///
/// # Errors
/// 429 `rate_limit_exceeded` with `Retry-After`.
pub async fn limit(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if let Some(client) = caller.address {
        let device = || app.device_cookie.get(&cookies).as_ref().map(Device::id);
        app.limiter.take(client, device).map_err(Error::rate_limited)?;
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(limiter: &Limiter, client: &str, device: Option<u8>) -> usize {
        let client = client.parse().unwrap();
        let device = || device.map(|id| [id; DEVICE_ID_BYTES]);
        (0..1000)
            .take_while(|_| limiter.take(client, device).is_ok())
            .count()
    }

    #[test]
    fn a_network_is_stopped_after_its_burst_and_others_are_not() {
        let limiter = Limiter::new(true, &Clock::system());

        assert!((30..33).contains(&passed(&limiter, "192.0.2.1", None)));
        assert!((30..33).contains(&passed(&limiter, "192.0.2.2", None)));
    }

    /// T-33
    #[test]
    fn a_device_that_signed_in_before_gets_through_when_its_network_does_not() {
        let limiter = Limiter::new(true, &Clock::system());
        passed(&limiter, "192.0.2.1", None);

        assert!((10..12).contains(&passed(&limiter, "192.0.2.1", Some(1))));
        assert!((10..12).contains(&passed(&limiter, "192.0.2.1", Some(2))));
    }

    #[test]
    fn off_means_off() {
        assert_eq!(
            passed(&Limiter::new(false, &Clock::system()), "192.0.2.1", None),
            1000
        );
    }
}
