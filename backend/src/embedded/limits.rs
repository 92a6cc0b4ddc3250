//! Rate limits for calls that can be brute-forced, send mail, or are expensive (SECURITY-BAR T-32,
//! T-33, T-49).
//!
//! Whoever can be told from strangers has counters of their own: a browser that signed in to an
//! account before ([`KnownDevice`]), then a network. Counters that strangers share with the owner
//! are the widest, and refuse neither a known device nor a link that was mailed already.
//!
//! [`KnownDevice`]: super::known_device::KnownDevice

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use shared::Email;

use super::back_off::{BackOff, Pauses, Try};
use super::clock::Clock;
use super::errors::{self, Result};
use super::known_device::KnownDevice;
use super::visitor::Visitor;
use crate::client_address::{limiter_key, wide_limiter_key};
use crate::keyed_limiter::KeyedLimiter;

/// Calls of one network at once, and then one each second.
const CALLS_PER_NETWORK: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
const PAUSE_PER_NETWORK: Duration = Duration::from_secs(1);
/// The same for the wider network above it.
const CALLS_PER_WIDE_NETWORK: NonZeroU32 = NonZeroU32::new(300).expect("not zero");
const PAUSE_PER_WIDE_NETWORK: Duration = Duration::from_millis(200);

/// Wrong passwords of one network for one account.
const PER_NETWORK: Pauses = Pauses {
    free: 5,
    first: Duration::from_secs(2),
    longest: Duration::from_mins(15),
};
/// Those of the wider network above it.
const PER_WIDE_NETWORK: Pauses = Pauses {
    free: 20,
    ..PER_NETWORK
};
/// Those of all strangers together: many networks are needed to get here, so the pauses are short,
/// and a mailed link opens the account meanwhile.
const PER_ACCOUNT: Pauses = Pauses {
    free: 100,
    first: Duration::from_secs(1),
    longest: Duration::from_mins(1),
};
/// Those of a device that signed in to this account before.
const PER_DEVICE: Pauses = Pauses {
    free: 10,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
};
/// Wrong current passwords of one session.
const PER_SESSION: Pauses = Pauses {
    free: 5,
    first: Duration::from_secs(2),
    longest: Duration::from_mins(15),
};

/// Mails of one kind that one network may ask for to one address: five at once, five an hour.
const MAILS_PER_NETWORK: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
const PAUSE_PER_MAIL: Duration = Duration::from_mins(12);
/// The same for the wider network above it, and for all networks together: more than a few of them
/// are needed to use it up.
const MAILS_PER_WIDE_NETWORK: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const MAILS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
const PAUSE_PER_ADDRESS: Duration = Duration::from_mins(2);

/// The endpoints whose calls count.
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

/// All counters; `None` lets every call through.
pub(crate) struct Limits(Option<Counters>);

struct Counters {
    calls: KeyedLimiter,
    wide_calls: KeyedLimiter,
    passwords: BackOff,
    mails: KeyedLimiter,
    wide_mails: KeyedLimiter,
    all_mails: KeyedLimiter,
}

/// What wrong passwords are counted by.
#[derive(Hash)]
enum Key<'a> {
    Device(&'a str, &'a Email),
    Network(IpAddr, &'a str),
    WideNetwork(IpAddr, &'a str),
    Account(&'a str),
    Session(&'a str),
    Link(&'a str),
}

/// A password that is being checked. Unless it [`succeeds`](PasswordTry::succeed) it counts as wrong.
pub(crate) struct PasswordTry<'a>(Option<(&'a BackOff, Try)>);

impl PasswordTry<'_> {
    /// The password is right: the counter of whoever gave it starts afresh.
    pub(crate) fn succeed(self) {
        if let Some((back_off, begun)) = self.0 {
            back_off.succeed(&begun, 1);
        }
    }
}

impl Limits {
    /// Counters at zero, or none.
    pub(crate) fn new(enabled: bool, clock: &Clock) -> Self {
        Self(enabled.then(|| Counters {
            calls: KeyedLimiter::new(CALLS_PER_NETWORK, PAUSE_PER_NETWORK, clock),
            wide_calls: KeyedLimiter::new(CALLS_PER_WIDE_NETWORK, PAUSE_PER_WIDE_NETWORK, clock),
            passwords: BackOff::new(clock),
            mails: KeyedLimiter::new(MAILS_PER_NETWORK, PAUSE_PER_MAIL, clock),
            wide_mails: KeyedLimiter::new(MAILS_PER_WIDE_NETWORK, PAUSE_PER_MAIL, clock),
            all_mails: KeyedLimiter::new(MAILS_PER_ADDRESS, PAUSE_PER_ADDRESS, clock),
        }))
    }

    /// Counts a call against its network. Calls from this machine are let through: behind them
    /// stands an app with all of its users.
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
        counters.calls.take(limiter_key(ip)).map_err(refused)?;
        match wide_limiter_key(ip) {
            Some(wide) => counters.wide_calls.take(wide).map_err(refused),
            None => Ok(()),
        }
    }

    /// Begins a try of a password of the account of an address, whether there is one or not.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`.
    pub(crate) fn begin_sign_in(
        &self,
        email: &Email,
        visitor: &Visitor,
        device: Option<&KnownDevice>,
    ) -> Result<PasswordTry<'_>> {
        let keys = match device {
            Some(device) => vec![(Key::Device(device.id(), email), PER_DEVICE)],
            None => stranger(email.as_str(), visitor.ip),
        };
        self.begin(&keys)
    }

    /// Begins a try of the current password in a session.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`.
    pub(crate) fn begin_in_session(&self, session_id: &str) -> Result<PasswordTry<'_>> {
        self.begin(&[(Key::Session(session_id), PER_SESSION)])
    }

    /// Begins a try of the password that belongs to a mailed link.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`.
    pub(crate) fn begin_at_link(&self, token_hash: &str) -> Result<PasswordTry<'_>> {
        self.begin(&[(Key::Link(token_hash), PER_DEVICE)])
    }

    fn begin(&self, keys: &[(Key<'_>, Pauses)]) -> Result<PasswordTry<'_>> {
        let Some(counters) = &self.0 else {
            return Ok(PasswordTry(None));
        };
        let begun = counters.passwords.begin(keys).map_err(refused)?;
        Ok(PasswordTry(Some((&counters.passwords, begun))))
    }

    /// Counts a mail of one kind that is asked for, whether it is due or not.
    ///
    /// # Errors
    /// 429 `rate_limit_exceeded`. Links that are in the mailbox already stay as they are.
    pub(crate) fn count_mail(
        &self,
        kind: &'static str,
        email: &Email,
        visitor: &Visitor,
        device: Option<&KnownDevice>,
    ) -> Result<()> {
        let Some(counters) = &self.0 else { return Ok(()) };
        let to = (kind, email.as_str());
        if let Some(device) = device {
            return counters.mails.take((to, device.id())).map_err(enough_mails);
        }
        if let Some(ip) = visitor.ip {
            counters.mails.take((to, limiter_key(ip))).map_err(enough_mails)?;
            if let Some(wide) = wide_limiter_key(ip) {
                counters.wide_mails.take((to, wide)).map_err(enough_mails)?;
            }
        }
        counters.all_mails.take(to).map_err(enough_mails)
    }
}

/// The counters that somebody without a known device has for an account.
fn stranger(account: &str, ip: Option<IpAddr>) -> Vec<(Key<'_>, Pauses)> {
    let mut keys = Vec::with_capacity(3);
    if let Some(ip) = ip {
        keys.push((Key::Network(limiter_key(ip), account), PER_NETWORK));
        if let Some(wide) = wide_limiter_key(ip) {
            keys.push((Key::WideNetwork(wide, account), PER_WIDE_NETWORK));
        }
    }
    keys.push((Key::Account(account), PER_ACCOUNT));
    keys
}

fn refused(wait: Duration) -> errors::Refusal {
    errors::rate_limit_exceeded(wait.as_secs() + 1)
}

fn enough_mails(wait: Duration) -> errors::Refusal {
    errors::enough_mails(wait.as_secs() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(enabled: bool) -> Limits {
        Limits::new(enabled, &Clock::system())
    }

    fn visitor(ip: &str) -> Visitor {
        Visitor {
            ip: ip.parse().ok(),
            user_agent: None,
            request_id: axum::http::HeaderValue::from_static("test"),
        }
    }

    fn email(text: &str) -> Email {
        Email::try_from(text.to_owned()).unwrap()
    }

    fn calls_until_refused(limits: &Limits, path: &str, ips: &[&str]) -> usize {
        let mut ips = ips.iter().cycle();
        let mut next = || ips.next().and_then(|ip| ip.parse().ok());
        (0..1000)
            .take_while(|_| limits.count_call(path, next()).is_ok())
            .count()
    }

    #[test]
    fn a_network_shares_one_counter() {
        let limits = limits(true);
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

    /// T-32
    #[test]
    fn a_customer_with_many_networks_meets_the_wider_ceiling() {
        let limits = limits(true);
        let ips: Vec<String> = (0..100).map(|n| format!("2001:db8:0:{n:x}::1")).collect();
        let ips: Vec<&str> = ips.iter().map(String::as_str).collect();

        let passed = calls_until_refused(&limits, "/auth/signin-email", &ips);

        assert!((300..310).contains(&passed), "{passed}");
    }

    #[test]
    fn reading_and_this_machine_are_not_counted() {
        let limits_on = limits(true);

        for (limits, path, ip) in [
            (&limits_on, "/_api/rest/v1/auth/user", "203.0.113.9"),
            (&limits_on, "/_api/rest/v1/auth/signin-email", "127.0.0.1"),
            (&limits(false), "/auth/grant", "203.0.113.9"),
        ] {
            assert_eq!(calls_until_refused(limits, path, &[ip]), 1000);
        }
    }

    /// T-32: passwords are counted by account and network, also for callers on this machine.
    #[test]
    fn wrong_passwords_of_one_network_pause_only_that_network() {
        let limits = limits(true);
        let ada = email("ada@x.io");
        let tries = |ip: &str| {
            (0..1000)
                .take_while(|_| limits.begin_sign_in(&ada, &visitor(ip), None).is_ok())
                .count()
        };

        assert_eq!(tries("127.0.0.1"), 6);
        assert_eq!(tries("203.0.113.9"), 6);
        assert_eq!(tries("198.51.100.1"), 6);
    }

    #[test]
    fn many_networks_together_are_paused_too() {
        let limits = limits(true);
        let ada = email("ada@x.io");

        let passed = (0..1000)
            .take_while(|n| {
                let from = visitor(&format!("10.{}.{}.1", n / 200, n % 200));
                limits.begin_sign_in(&ada, &from, None).is_ok()
            })
            .count();

        assert_eq!(passed, 101);
    }

    #[test]
    fn a_right_password_starts_afresh() {
        let limits = limits(true);
        let ada = email("ada@x.io");

        for _ in 0..1000 {
            let begun = limits.begin_sign_in(&ada, &visitor("203.0.113.9"), None);
            begun.map(PasswordTry::succeed).unwrap();
        }
    }

    /// T-49
    #[test]
    fn one_network_cannot_use_up_the_mails_of_an_address() {
        let limits = limits(true);
        let ada = email("ada@x.io");
        let mails = |ip: &str| {
            (0..100)
                .take_while(|_| limits.count_mail("magic-link", &ada, &visitor(ip), None).is_ok())
                .count()
        };

        assert_eq!(mails("203.0.113.9"), 5);
        assert_eq!(mails("127.0.0.1"), 5);
        assert_eq!(mails("2001:db8:0:1::1"), 5);
        assert_eq!(mails("2001:db8:0:2::1"), 5);
        // The wider network has had its ten.
        assert_eq!(mails("2001:db8:0:3::1"), 0);
    }
}
