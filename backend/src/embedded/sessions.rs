//! `GET auth/sessions`: the user's signed-in browsers; `POST auth/signout-all-except` ends all
//! but the caller's.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json as Reply, Router};
use serde_json::Value;

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

/// Newest first. The caller's own session has its real token, every other one its handle, which
/// ends it and opens nothing (PROTOCOL section 11).
async fn list(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<Vec<Value>>> {
    let alive = embedded.alive(embedded.settings.clock.now_ms());
    let rows = sessions::of_user(embedded.store.read(), &caller.user.id, alive).await?;
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
    let mut tx = embedded.store.begin().await?;
    sessions::delete_of_user(&mut *tx, &caller.user.id, Some(&caller.session.id)).await?;
    tx.commit().await?;
    Ok(Reply(()))
}

/// Opens a session; gives it as Altogic writes it, with its new token.
pub(crate) async fn start(tx: &mut Write, user_id: &str, visitor: &Visitor, now: i64) -> Result<Value> {
    let token = ids::new_token();
    let session = SessionRow {
        id: ids::new_handle(),
        user_id: user_id.to_owned(),
        user_agent: visitor.user_agent.clone(),
        ip: visitor.ip.map(|ip| ip.to_string()),
        created_at: now,
        last_seen_at: now,
    };
    sessions::insert(&mut **tx, &session, &ids::digest(&token)).await?;
    Ok(wire::session(&session, &token))
}
