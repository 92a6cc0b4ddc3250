//! The audit: what happened to accounts, with which result, when, and from where.
//!
//! Each event is a row of `audit_events`, in the transaction of the change that it tells of, and a
//! line of the log under the target `audit`. Neither holds a secret, nor anything that names a
//! person or comes from them as text: accounts are ids, unknown addresses keyed digests, networks
//! are cut short, devices are named in our own words. So rows outlive their account.
//!
//! Rows are only added; see the migration. How many there can be, and how long they stay, is in
//! `budget` and `entry`.

mod budget;
mod entry;
mod reading;

use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use sha2::Sha256;
use strum::VariantNames;

use super::clock::{Clock, as_ms};
use super::ids;
use super::link_key::LinkKey;
use super::store::audit::{self, NewRow};
use super::store::{Store, Write};
use super::user_agent::UserAgent;
use super::visitor::Visitor;
use budget::Budget;
use entry::Subject;
pub(crate) use entry::{Entry, Event, Reason};
pub use reading::{AuditEvent, AuditLog, Filter};

/// Every event's name.
pub const EVENTS: &[&str] = Event::VARIANTS;

/// Records events.
pub(crate) struct Audit {
    store: Store,
    clock: Clock,
    pseudonyms: Pseudonyms,
    budget: Budget,
}

/// From where an event was caused, as far as it is recorded.
struct Origin<'a> {
    network: Option<String>,
    device: Option<String>,
    request_id: Option<&'a str>,
}

impl Audit {
    pub(crate) fn new(store: Store, clock: Clock, link_key: &LinkKey) -> Self {
        Self {
            store,
            clock,
            pseudonyms: Pseudonyms::new(link_key),
            budget: Budget::new(),
        }
    }

    /// Records what a transaction does, in one statement. The log has its line when this returns; a
    /// commit that fails afterwards is logged as an error of the same request.
    pub(crate) async fn record(
        &self,
        tx: &mut Write,
        visitor: &Visitor,
        entry: Entry<'_>,
    ) -> sqlx::Result<()> {
        self.add(tx, &Origin::of(visitor), entry).await
    }

    /// Records what changed nothing. That it cannot be written is logged, and no reason to answer
    /// anything else.
    pub(crate) async fn record_alone(&self, visitor: &Visitor, entry: Entry<'_>) {
        let origin = Origin::of(visitor);
        let pseudonym = self.pseudonym(&entry);
        let row = self.row(&entry, &origin, pseudonym.as_deref());
        log(&row);
        if !self.has_room_for(&entry, &row) {
            return;
        }
        let written = async {
            let mut tx = self.store.begin_one().await?;
            audit::insert(&mut *tx, &row).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "an event was not recorded");
        }
    }

    /// Records, before it is done, that a transaction ends every session of an account except the
    /// one with the handle `keep`: a row for each.
    pub(crate) async fn record_ended_sessions(
        &self,
        tx: &mut Write,
        visitor: &Visitor,
        account: &str,
        keep: Option<&str>,
        reason: Reason,
    ) -> sqlx::Result<()> {
        let entry = Event::SessionEnded.of(account).because(reason);
        let origin = Origin::of(visitor);
        let row = self.row(&entry, &origin, None);
        if !self.has_room_for(&entry, &row) {
            log(&row);
            return Ok(());
        }
        for handle in audit::insert_for_sessions(&mut **tx, &row, keep).await? {
            log(&NewRow {
                object: Some(&handle),
                ..row
            });
        }
        Ok(())
    }

    /// Removes what has expired, and records that and how many events were not recorded.
    pub(crate) async fn clean(&self, at_once: i64) -> sqlx::Result<()> {
        self.budget.forget_rested();
        self.record_dropped().await?;
        loop {
            let now = self.clock.now_ms();
            let mut tx = self.store.begin().await?;
            let expired = audit::count_expired(&mut *tx, now, at_once).await?;
            if expired == 0 {
                return Ok(());
            }
            let entry = Event::EventsExpired.of_no_account().times(expired);
            self.add(&mut tx, &Origin::NOWHERE, entry).await?;
            audit::delete_expired(&mut *tx, now, at_once).await?;
            tx.commit().await?;
        }
    }

    /// Records how many events were not recorded since this was done before.
    pub(crate) async fn record_dropped(&self) -> sqlx::Result<()> {
        let dropped = self.budget.take_dropped();
        if dropped == 0 {
            return Ok(());
        }
        let mut tx = self.store.begin_one().await?;
        let entry = Event::EventsDropped.of_no_account().times(dropped);
        self.add(&mut tx, &Origin::NOWHERE, entry).await?;
        tx.commit().await
    }

    async fn add(&self, tx: &mut Write, origin: &Origin<'_>, entry: Entry<'_>) -> sqlx::Result<()> {
        let pseudonym = self.pseudonym(&entry);
        let row = self.row(&entry, origin, pseudonym.as_deref());
        if self.has_room_for(&entry, &row) {
            audit::insert(&mut **tx, &row).await?;
        }
        log(&row);
        Ok(())
    }

    fn has_room_for(&self, entry: &Entry<'_>, row: &NewRow<'_>) -> bool {
        self.budget.allows(entry.allowance(), row.subject, row.network)
    }

    /// Also of an address that has an account, so that both take equally long.
    fn pseudonym(&self, entry: &Entry<'_>) -> Option<String> {
        entry.address.map(|address| self.pseudonyms.of(address))
    }

    fn row<'a>(&self, entry: &Entry<'a>, origin: &'a Origin<'_>, pseudonym: Option<&'a str>) -> NewRow<'a> {
        row(entry, origin, pseudonym, self.clock.now_ms())
    }
}

/// Records what a command on this machine does at `now`, beside the server or without one.
pub(crate) async fn record_command(tx: &mut Write, entry: Entry<'_>, now: i64) -> sqlx::Result<()> {
    let origin = Origin {
        device: Some("command line".to_owned()),
        ..Origin::NOWHERE
    };
    audit::insert(&mut **tx, &row(&entry, &origin, None, now)).await
}

fn row<'a>(entry: &Entry<'a>, origin: &'a Origin<'_>, pseudonym: Option<&'a str>, at: i64) -> NewRow<'a> {
    let (subject, is_account) = match entry.subject {
        Subject::Account(id) => (Some(id), true),
        Subject::Address => (pseudonym, false),
        Subject::NoAccount => (None, false),
    };
    NewRow {
        at,
        subject,
        is_account,
        event: entry.event.into(),
        refused: entry.refused,
        reason: entry.reason.map(Into::into),
        count: entry.count,
        object: entry.object,
        network: origin.network.as_deref(),
        device: origin.device.as_deref(),
        request_id: origin.request_id,
        expires_at: at.saturating_add(as_ms(entry.keep())),
    }
}

impl<'a> Origin<'a> {
    const NOWHERE: Self = Self {
        network: None,
        device: None,
        request_id: None,
    };

    fn of(visitor: &'a Visitor) -> Self {
        Self {
            network: visitor.ip.map(network),
            device: visitor
                .user_agent
                .as_deref()
                .map(|header| UserAgent::parse(header).label()),
            request_id: visitor.request_id.to_str().ok(),
        }
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 address.
fn network(ip: std::net::IpAddr) -> String {
    let prefix = if ip.is_ipv4() { 24 } else { 48 };
    IpNet::new_assert(ip, prefix).trunc().to_string()
}

/// One line, whose values are quoted where they are not words of ours.
fn log(row: &NewRow<'_>) {
    let (account, address) = if row.is_account {
        (row.subject, None)
    } else {
        (None, row.subject)
    };
    tracing::info!(
        target: "audit",
        event = row.event,
        result = result(row.refused),
        reason = row.reason,
        account,
        address_digest = address,
        object = row.object,
        count = (row.count != 1).then_some(row.count),
        network = row.network,
        device = row.device,
        request_id = row.request_id,
    );
}

fn result(refused: bool) -> &'static str {
    if refused { "refused" } else { "ok" }
}

/// Stands for addresses that have no account: without the key, nobody can tell which.
struct Pseudonyms(Hmac<Sha256>);

impl Pseudonyms {
    fn new(link_key: &LinkKey) -> Self {
        let key = link_key.derive("addresses in the audit");
        Self(Hmac::new_from_slice(&key).expect("any length makes a key"))
    }

    /// 24 lower-case hex digits, as an account's id, so that both lie in the index alike.
    fn of(&self, address: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(address.as_bytes());
        ids::hex(&mac.finalize().into_bytes()[..12])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_no_single_client() {
        let network = |ip: &str| network(ip.parse().unwrap());

        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    }

    #[test]
    fn a_pseudonym_depends_on_the_key_and_looks_like_an_id() {
        let pseudonyms = || {
            let folder = tempfile::tempdir().unwrap();
            Pseudonyms::new(&LinkKey::open(folder.path()).unwrap())
        };
        let (one, other) = (pseudonyms(), pseudonyms());

        assert_eq!(one.of("ada@x.io"), one.of("ada@x.io"));
        assert_eq!(one.of("ada@x.io").len(), ids::new_id().len());
        assert_ne!(one.of("ada@x.io"), one.of("eve@x.io"));
        assert_ne!(one.of("ada@x.io"), other.of("ada@x.io"));
    }
}
