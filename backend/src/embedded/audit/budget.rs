//! [`Budget`]: how many events are recorded, so that nobody can fill the disk with them.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::entry::Allowance;

/// Events of one account at once, and then 12 an hour: more than anybody causes by hand.
const PER_ACCOUNT: Quota = Quota::per_hour(number(12)).allow_burst(number(200));
/// Events that anybody can cause, from one network.
const PER_NETWORK: Quota = Quota::per_hour(number(100));
/// The same from all networks together. With what is kept for 30 days that is two million rows,
/// some 500 MB, at the very most.
const OF_STRANGERS: Quota = Quota::per_hour(number(3_000));
/// Above this many networks only the total counts.
const MAX_NETWORKS: usize = 10_000;

pub(super) struct Budget {
    per_account: DefaultKeyedRateLimiter<String>,
    per_network: DefaultKeyedRateLimiter<String>,
    of_strangers: DefaultDirectRateLimiter,
    dropped: AtomicI64,
}

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            per_account: RateLimiter::keyed(PER_ACCOUNT),
            per_network: RateLimiter::keyed(PER_NETWORK),
            of_strangers: RateLimiter::direct(OF_STRANGERS),
            dropped: AtomicI64::new(0),
        }
    }

    /// Whether one more event is recorded; one that is not is counted.
    pub(super) fn allows(&self, allowance: Allowance, account: Option<&str>, network: Option<&str>) -> bool {
        let allows = match allowance {
            Allowance::Full => true,
            Allowance::OfAccount => {
                let account = account.unwrap_or_default().to_owned();
                self.per_account.check_key(&account).is_ok()
            }
            Allowance::OfStrangers => {
                let network = network.unwrap_or_default().to_owned();
                (self.per_network.len() > MAX_NETWORKS || self.per_network.check_key(&network).is_ok())
                    && self.of_strangers.check().is_ok()
            }
        };
        if !allows {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        allows
    }

    /// How many events were not recorded since it was asked before.
    pub(super) fn take_dropped(&self) -> i64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// Forgets accounts and networks that could start afresh.
    pub(super) fn forget_rested(&self) {
        self.per_account.retain_recent();
        self.per_network.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many events are recorded.
    fn recorded(budget: &Budget, events: usize, allowance: Allowance, account: &str, network: &str) -> usize {
        let allows = |_: &usize| budget.allows(allowance, Some(account), Some(network));
        (0..events).filter(allows).count()
    }

    /// T-94.
    #[test]
    fn strangers_cannot_fill_the_disk_from_one_network_nor_from_many() {
        let budget = Budget::new();
        let of_strangers = |network: &str| recorded(&budget, 300, Allowance::OfStrangers, "a", network);

        let of_one = of_strangers("203.0.113.0/24");
        let of_all: usize = (0..100)
            .map(|network: i32| of_strangers(&network.to_string()))
            .sum();

        // A slow machine may earn some while the loop runs.
        assert!((100..110).contains(&of_one), "{of_one}");
        assert!((2_900..3_000).contains(&of_all), "{of_all}");
        assert!((27_000..28_000).contains(&budget.take_dropped()));
        assert_eq!(budget.take_dropped(), 0);
    }

    #[test]
    fn an_account_uses_up_its_own_share_only_and_never_what_is_rare() {
        let budget = Budget::new();
        let of = |account: &str| recorded(&budget, 300, Allowance::OfAccount, account, "n");

        assert!((200..205).contains(&of("a")));
        assert!((200..205).contains(&of("b")));
        assert_eq!(recorded(&budget, 300, Allowance::Full, "a", "n"), 300);
    }
}
