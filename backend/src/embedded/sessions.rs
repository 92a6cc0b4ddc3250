//! `GET auth/sessions`: the user's signed-in browsers; `POST auth/signout-all-except` ends all
//! but the caller's.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Reply, Router};
use serde_json::Value;

use super::audit::Reason;
use super::errors::Result;
use super::extract::Caller;
use super::store::Write;
use super::store::sessions::{self, SessionRow};
use super::visitor::Visitor;
use super::{Embedded, ids, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/auth/sessions", get(list))
        .route("/auth/signout-all-except", post(sign_out_all_except))
}

/// How many living sessions a user has at most (SECURITY-BAR T-13): a new one ends the one that was
/// used least recently.
const MAX_SESSIONS: i64 = 50;

/// Newest first, at most [`MAX_SESSIONS`]: the caller's own and those used last. The caller's own
/// has its real token, every other one its handle, which ends it and opens nothing (PROTOCOL
/// section 11).
async fn list(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<Vec<Value>>> {
    let alive = embedded.alive(embedded.settings.clock.now_ms());
    let mut db = embedded.store.read().await?;
    let mut rows = sessions::of_user(&mut *db, &caller.user.id, alive, MAX_SESSIONS).await?;
    drop(db);
    // A database of an older version can hold more.
    if rows.iter().all(|row| row.id != caller.session.id) {
        rows.truncate(usize::try_from(MAX_SESSIONS - 1).unwrap_or_default());
        rows.push(caller.session.clone());
    }
    rows.sort_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
    let sessions = rows.iter().map(|row| {
        let token = if row.id == caller.session.id {
            &caller.token
        } else {
            &row.id
        };
        wire::session(row, token)
    });
    Ok(Reply(sessions.collect()))
}

async fn sign_out_all_except(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<()>> {
    let (user, own) = (&caller.user.id, Some(caller.session.id.as_str()));
    let mut tx = embedded.store.begin().await?;
    embedded
        .audit
        .record_ended_sessions(&mut tx, &caller.visitor, user, own, Reason::ByOwner)
        .await?;
    sessions::delete_of_user(&mut *tx, user, own).await?;
    tx.commit().await?;
    Ok(Reply(()))
}

/// A session that is about to open.
pub(crate) struct New {
    row: SessionRow,
    token: String,
}

impl New {
    /// A visitor's session, with a new token.
    pub(crate) fn of(user_id: &str, visitor: &Visitor, now: i64) -> Self {
        let row = SessionRow {
            id: ids::new_handle(now),
            user_id: user_id.to_owned(),
            user_agent: visitor.user_agent.clone(),
            ip: visitor.ip.map(|ip| ip.to_string()),
            created_at: now,
            last_seen_at: now,
        };
        Self {
            row,
            token: ids::new_token(),
        }
    }

    /// Its handle.
    pub(crate) fn handle(&self) -> &str {
        &self.row.id
    }

    /// Opens it, and ends the user's least used one beyond [`MAX_SESSIONS`].
    pub(crate) async fn open(&self, tx: &mut Write) -> sqlx::Result<()> {
        sessions::insert(&mut **tx, &self.row, &ids::digest(&self.token)).await?;
        self.make_room(tx).await
    }

    /// As [`New::open`], unless the user's password hash is another one by now; tells whether.
    pub(crate) async fn open_for_password(&self, tx: &mut Write, password_hash: &str) -> sqlx::Result<bool> {
        let token_hash = ids::digest(&self.token);
        let is_open = sessions::insert_for_password(&mut **tx, &self.row, &token_hash, password_hash).await?;
        if is_open {
            self.make_room(tx).await?;
        }
        Ok(is_open)
    }

    async fn make_room(&self, tx: &mut Write) -> sqlx::Result<()> {
        sessions::delete_least_used(&mut **tx, &self.row.user_id, &self.row.id, MAX_SESSIONS - 1).await
    }

    /// The session as Altogic writes it, with its token.
    pub(crate) fn wire(&self) -> Value {
        wire::session(&self.row, &self.token)
    }
}
