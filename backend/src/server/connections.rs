//! [`Connections`]: every open connection of the process, bounded in all and per network.
//!
//! Above the bounds a new connection is taken all the same, as overflow: it is answered 503 unless
//! its request looks signed in or a place has become free by then. For each of them connections
//! that have waited longest without a request lose their places, so silent ones keep no client out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
};

use ipnet::IpNet;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use super::{
    ServerLimits,
    pulse::{Activity, Pulse, now_ms},
};
use crate::client_address::limiter_key;

/// A full house gives up this share of its places at a time, so that looking for them is rare.
const EVICTED_SHARE: usize = 32;

/// The open connections of all listening ports.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(super) limits: ServerLimits,
    /// Their peers stand for many clients.
    trusted_proxies: Vec<IpNet>,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    entries: HashMap<u64, Entry>,
    /// Connections within the bounds.
    placed: usize,
    /// The same by network.
    by_network: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    pulse: Arc<Pulse>,
    /// `None` for a trusted proxy.
    network: Option<IpAddr>,
    is_placed: bool,
}

/// An open connection; its place is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    connections: Arc<Connections>,
    id: u64,
    pub(super) pulse: Arc<Pulse>,
    pub(super) is_trusted_proxy: bool,
    network: Option<IpAddr>,
}

impl Connections {
    /// No connections, and the bounds for them.
    pub(crate) fn new(limits: ServerLimits, trusted_proxies: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            limits: limits.fitted(),
            trusted_proxies,
            open: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A slot for a new connection; waits while even the overflow is full.
    pub(super) async fn admit(self: &Arc<Self>, peer: IpAddr) -> Slot {
        let peer = peer.to_canonical();
        let is_trusted_proxy = self.trusted_proxies.iter().any(|net| net.contains(&peer));
        let network = (!is_trusted_proxy).then(|| limiter_key(peer));
        loop {
            let freed = self.freed.notified();
            if let Some(slot) = self.try_admit(network) {
                return slot;
            }
            // Connections grow old enough to be evicted without anything else happening.
            drop(timeout(self.limits.evict_after / 2, freed).await);
        }
    }

    fn try_admit(self: &Arc<Self>, network: Option<IpAddr>) -> Option<Slot> {
        let mut open = self.lock();
        let is_placed = open.has_place(&self.limits, network);
        if !is_placed {
            open.evict(&self.limits, network);
        }
        let overflow = open.entries.len() - open.placed;
        if !is_placed && overflow >= self.limits.overflow() {
            return None;
        }
        let pulse = Pulse::new();
        pulse.overflow.store(!is_placed, Relaxed);
        if is_placed {
            open.place(network);
        }
        let id = open.next_id;
        open.next_id += 1;
        let entry = Entry {
            pulse: Arc::clone(&pulse),
            network,
            is_placed,
        };
        open.entries.insert(id, entry);
        Some(Slot {
            connections: Arc::clone(self),
            id,
            pulse,
            is_trusted_proxy: network.is_none(),
            network,
        })
    }

    /// Wakes every connection's task.
    pub(super) fn wake_all(&self) {
        for entry in self.lock().entries.values() {
            entry.pulse.waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Whether more than half of the overflow is free; the rest is for known sessions.
    pub(super) fn is_overflow_roomy(&self) -> bool {
        let open = self.connections.lock();
        open.entries.len() - open.placed <= self.connections.limits.overflow().div_ceil(2)
    }

    /// Takes a place within the bounds for an overflow connection, if one is free by now.
    pub(super) fn is_placed(&self) -> bool {
        if !self.pulse.overflow.load(Relaxed) {
            return true;
        }
        let mut open = self.connections.lock();
        if !open.has_place(&self.connections.limits, self.network) {
            return false;
        }
        open.place(self.network);
        if let Some(entry) = open.entries.get_mut(&self.id) {
            entry.is_placed = true;
        }
        self.pulse.overflow.store(false, Relaxed);
        true
    }
}

impl Slot {
    /// The same, and waits for silent connections to make room.
    pub(super) async fn is_placed_soon(&self) -> bool {
        let limits = &self.connections.limits;
        let end = Instant::now() + 2 * limits.evict_after;
        while !self.is_placed() {
            let freed = self.connections.freed.notified();
            let is_hopeful = {
                let open = self.connections.lock();
                open.evict(limits, self.network)
            };
            if !is_hopeful || Instant::now() >= end {
                return self.is_placed();
            }
            drop(timeout(limits.evict_after / 4, freed).await);
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if let Some(entry) = open.entries.remove(&self.id)
            && entry.is_placed
        {
            open.placed -= 1;
            if let Some(network) = entry.network
                && let Some(count) = open.by_network.get_mut(&network)
            {
                *count -= 1;
                if *count == 0 {
                    open.by_network.remove(&network);
                }
            }
        }
        drop(open);
        self.connections.freed.notify_waiters();
    }
}

impl Open {
    fn has_place(&self, limits: &ServerLimits, network: Option<IpAddr>) -> bool {
        self.placed < limits.connections && !self.is_network_full(limits, network)
    }

    fn is_network_full(&self, limits: &ServerLimits, network: Option<IpAddr>) -> bool {
        network
            .and_then(|network| self.by_network.get(&network))
            .is_some_and(|count| *count >= limits.connections_per_network)
    }

    fn place(&mut self, network: Option<IpAddr>) {
        self.placed += 1;
        if let Some(network) = network {
            *self.by_network.entry(network).or_default() += 1;
        }
    }

    /// Has the connections close that have waited longest, of the network that is full, or of all;
    /// whether there will be room soon.
    fn evict(&self, limits: &ServerLimits, network: Option<IpAddr>) -> bool {
        let of_network = self.is_network_full(limits, network).then_some(network);
        let bound = if of_network.is_some() {
            limits.connections_per_network
        } else {
            limits.connections
        };
        let share = (bound / EVICTED_SHARE).max(1);
        let mut wanted = share;
        let mut is_hopeful = false;
        let age = u64::try_from(limits.evict_after.as_millis()).unwrap_or(u64::MAX);
        let before = now_ms().saturating_sub(age);
        let mut waiting: Vec<(u64, &Pulse)> = Vec::new();
        for entry in self.entries.values() {
            if of_network.is_some_and(|network| entry.network != network) {
                continue;
            }
            if entry.pulse.evicted.load(Relaxed) {
                // It is about to close.
                wanted = wanted.saturating_sub(1);
                continue;
            }
            let activity = entry.pulse.activity();
            if let Activity::Silent(since) | Activity::Idle(since) | Activity::Head(since) = activity
                && since <= before
            {
                waiting.push((since, &entry.pulse));
            }
            // Those without a place may be about to ask.
            is_hopeful |= entry.is_placed && matches!(activity, Activity::Silent(_));
        }
        if waiting.len() > wanted {
            waiting.select_nth_unstable_by_key(wanted, |(since, _)| *since);
            waiting.truncate(wanted);
        }
        is_hopeful |= wanted < share || !waiting.is_empty();
        for (_, pulse) in waiting {
            pulse.evicted.store(true, Relaxed);
            pulse.waker.wake();
        }
        is_hopeful
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn connections(in_all: usize, per_network: usize) -> Arc<Connections> {
        let limits = ServerLimits {
            connections: in_all,
            connections_per_network: per_network,
            evict_after: Duration::ZERO,
            ..ServerLimits::default()
        };
        Connections::new(limits, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn admit(connections: &Arc<Connections>, peer: &str) -> Option<Slot> {
        let peer: IpAddr = peer.parse().unwrap();
        let trusted = connections.trusted_proxies[0].contains(&peer);
        connections.try_admit((!trusted).then(|| limiter_key(peer)))
    }

    fn is_overflow(slot: &Slot) -> bool {
        slot.pulse.overflow.load(Relaxed)
    }

    #[test]
    fn a_network_has_its_bound_and_a_trusted_proxy_has_none() {
        let connections = connections(16, 2);
        let slots: Vec<Slot> = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"]
            .iter()
            .chain(&["10.0.0.1"; 4])
            .map(|peer| admit(&connections, peer).unwrap())
            .collect();

        let overflow: Vec<bool> = slots.iter().map(is_overflow).collect();
        assert_eq!(overflow, [false, false, true, false, false, false, false, false]);
    }

    #[test]
    fn half_of_the_overflow_is_kept_for_known_sessions() {
        let connections = connections(32, 2);
        let mut slots: Vec<Slot> = Vec::new();
        let mut roomy = Vec::new();
        while let Some(slot) = admit(&connections, "192.0.2.1") {
            roomy.push(slot.is_overflow_roomy());
            slots.push(slot);
        }

        assert_eq!(roomy, [true, true, true, true, false, false]);
    }

    #[test]
    fn a_silent_connection_loses_its_place_to_a_new_one_and_a_busy_one_does_not() {
        let connections = connections(8, 4);
        let slots: Vec<Slot> = (1..=8)
            .map(|n| admit(&connections, &format!("192.0.2.{n}")).unwrap())
            .collect();
        let _busy: Vec<_> = slots[1..].iter().map(|slot| slot.pulse.begin(false)).collect();

        let new = admit(&connections, "198.51.100.1").unwrap();
        assert!(is_overflow(&new) && !new.is_placed());
        assert!(slots[0].pulse.evicted.load(Relaxed));
        assert!(slots[1..].iter().all(|slot| !slot.pulse.evicted.load(Relaxed)));
        assert!(
            admit(&connections, "198.51.100.2").is_none(),
            "the overflow is one here"
        );

        drop(slots.into_iter().next());
        assert!(new.is_placed() && !is_overflow(&new));
    }
}
