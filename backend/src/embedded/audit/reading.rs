//! [`AuditLog`]: the recorded events, for the command `latchkey audit`.
//!
//! It reads the database itself, whether a server runs on it or not, and changes nothing.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use shared::Email;
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::super::clock::iso;
use super::super::link_key::LinkKey;
use super::super::open::database_path;
use super::super::store::audit::{self, AuditRow, Page};
use super::super::store::{open_to_read, users};
use super::{Pseudonyms, result};

/// Which events are wanted; the default is all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of one account: its id, also when it is deleted, or its mail address. With an address
    /// also what was asked with it while it had no account.
    pub user: Option<String>,
    /// Those since then.
    pub since: Option<OffsetDateTime>,
    /// Those of this name, one of [`super::EVENTS`].
    pub event: Option<String>,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEvent {
    /// Rises with each event; see [`AuditLog::page`].
    pub id: i64,
    /// When; RFC 3339, UTC.
    pub at: String,
    /// What, one of [`super::EVENTS`].
    pub event: String,
    /// `ok` or `refused`.
    pub result: &'static str,
    /// Why it was refused, or what else caused it.
    pub reason: Option<String>,
    /// The account's id.
    pub account: Option<String>,
    /// An address without an account, as a keyed digest.
    pub address_digest: Option<String>,
    /// The handle of the session, or the id of the key, that it was about.
    pub object: Option<String>,
    /// How many alike events this stands for.
    pub count: i64,
    /// Where it was asked: the first 24 bits of an IPv4 address, 48 of an IPv6 address.
    pub network: Option<String>,
    /// Browser and system.
    pub device: Option<String>,
    /// The same in the log.
    pub request_id: Option<String>,
}

/// The recorded events of one `DATA_DIR`.
pub struct AuditLog {
    db: SqliteConnection,
    /// `None` before the first start.
    pseudonyms: Option<Pseudonyms>,
}

impl AuditLog {
    /// Opens the database of a folder, which stays as it is.
    ///
    /// # Errors
    /// No database, or one that cannot be read.
    pub async fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let path = database_path(data_dir);
        let db = open_to_read(&path)
            .await
            .with_context(|| format!("opening the database {}", path.display()))?;
        let pseudonyms = LinkKey::read(data_dir)?.as_ref().map(Pseudonyms::new);
        Ok(Self { db, pseudonyms })
    }

    /// At most `limit` events, newest first: those with a smaller id than `before`, or the newest.
    ///
    /// # Errors
    /// A user that is neither an id nor an address; a database of an older version, on which no
    /// server of this version was started yet; one that cannot be read.
    pub async fn page(
        &mut self,
        filter: &Filter,
        before: Option<i64>,
        limit: usize,
    ) -> anyhow::Result<Vec<AuditEvent>> {
        let page = Page {
            before: before.unwrap_or(i64::MAX),
            since: filter.since.map_or(i64::MIN, unix_ms),
            event: filter.event.as_deref(),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
        };
        let mut rows = match &filter.user {
            None => audit::latest(&mut self.db, page).await?,
            Some(user) => {
                let mut rows = Vec::new();
                for subject in self.subjects(user).await? {
                    rows.extend(audit::of_subject(&mut self.db, &subject, page).await?);
                }
                rows
            }
        };
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(limit);
        Ok(rows.into_iter().map(AuditEvent::from).collect())
    }

    /// As whom events of a user are recorded.
    async fn subjects(&mut self, user: &str) -> anyhow::Result<Vec<String>> {
        if !user.contains('@') {
            let is_id = user.len() == 24 && user.bytes().all(|byte| byte.is_ascii_hexdigit());
            anyhow::ensure!(is_id, "a user is an id of 24 hex digits, or a mail address");
            return Ok(vec![user.to_ascii_lowercase()]);
        }
        let address = Email::try_from(user.to_owned()).map_err(|invalid| anyhow::anyhow!(invalid.message))?;
        let account = users::by_email(&mut self.db, address.as_str()).await?;
        let pseudonym = self.pseudonyms.as_ref().map(|all| all.of(address.as_str()));
        Ok(account.map(|user| user.id).into_iter().chain(pseudonym).collect())
    }
}

impl From<AuditRow> for AuditEvent {
    fn from(row: AuditRow) -> Self {
        let (account, address_digest) = if row.is_account {
            (row.subject, None)
        } else {
            (None, row.subject)
        };
        Self {
            id: row.id,
            at: iso(row.at),
            event: row.event,
            result: result(row.refused),
            reason: row.reason,
            account,
            address_digest,
            object: row.object,
            count: row.count,
            network: row.network,
            device: row.device,
            request_id: row.request_id,
        }
    }
}

fn unix_ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MIN)
}
