//! The keys that applications present, for the command `latchkey keys`.
//!
//! They work on the database itself, whether a server runs on it or not; a running one notices
//! within five seconds.

use std::path::Path;

use super::audit::{self, Event};
use super::clock::iso;
use super::store::Store;
use super::store::keys::{self, KeyRow, Kind};
use super::{Clock, ids, open, private_files};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Sent by every caller of the REST API as `X-Client-Key`; public.
    Client,
    /// Sent as `Authorization` by servers that may do more; secret.
    Api,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Names the key in [`revoke`]; 24 lower-case hex digits.
    pub id: String,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// The key itself. An API key is told by [`create`] only, and kept as a hash.
    pub key: Option<String>,
    /// When it was made; RFC 3339, UTC.
    pub created_at: String,
    /// When it was revoked; `None`: it is accepted.
    pub revoked_at: Option<String>,
}

/// Every key, the oldest first.
///
/// # Errors
/// A database that cannot be opened.
pub async fn list(data_dir: &Path) -> anyhow::Result<Vec<Key>> {
    let store = store(data_dir).await?;
    let rows = keys::all(&mut *store.read().await?).await?;
    store.close().await;
    Ok(rows.into_iter().map(|row| key(row, None)).collect())
}

/// Makes a key.
///
/// # Errors
/// A database that cannot be opened or written.
pub async fn create(data_dir: &Path, kind: KeyKind, name: &str) -> anyhow::Result<Key> {
    let (kind, text) = match kind {
        KeyKind::Client => (Kind::Client, ids::new_client_key()),
        KeyKind::Api => (Kind::Api, ids::new_token()),
    };
    let row = KeyRow {
        id: ids::new_id(),
        kind,
        name: name.to_owned(),
        key_hash: ids::digest(&text),
        client_key: (kind == Kind::Client).then(|| text.clone()),
        created_at: Clock::system().now_ms(),
        revoked_at: None,
    };
    let store = store(data_dir).await?;
    let mut tx = store.begin().await?;
    keys::insert(&mut *tx, &row).await?;
    let made = Event::KeyMade.of_no_account().on(&row.id);
    audit::record_command(&mut tx, made, row.created_at).await?;
    tx.commit().await?;
    store.close().await;
    Ok(key(row, Some(text)))
}

/// Ends a key; `false` where there is no living one with this id. After its last client key an
/// installation gets a new one at the next start.
///
/// # Errors
/// A database that cannot be opened or written.
pub async fn revoke(data_dir: &Path, id: &str) -> anyhow::Result<bool> {
    let store = store(data_dir).await?;
    let mut tx = store.begin().await?;
    let now = Clock::system().now_ms();
    let revoked = keys::revoke(&mut *tx, id, now).await?;
    if revoked {
        audit::record_command(&mut tx, Event::KeyRevoked.of_no_account().on(id), now).await?;
    }
    tx.commit().await?;
    store.close().await;
    Ok(revoked)
}

async fn store(data_dir: &Path) -> anyhow::Result<Store> {
    private_files::make_private(data_dir)?;
    open::open_store(data_dir).await
}

fn key(row: KeyRow, text: Option<String>) -> Key {
    Key {
        id: row.id,
        kind: match row.kind {
            Kind::Client => KeyKind::Client,
            Kind::Api => KeyKind::Api,
        },
        name: row.name,
        key: text.or(row.client_key),
        created_at: iso(row.created_at),
        revoked_at: row.revoked_at.map(iso),
    }
}
