//! `POST auth/signout`: ends the caller's session or another one of theirs;
//! `POST auth/signout-all` ends all of them.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;

use super::audit::{Event, Reason};
use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::store::sessions;
use super::{Embedded, ids};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/auth/signout", post(sign_out))
        .route("/auth/signout-all", post(sign_out_all))
}

#[derive(Deserialize)]
struct Body {
    /// Which session: a token or a handle. Absent: the caller's own.
    #[serde(default)]
    token: Value,
}

/// A session that is gone already is no error, another user's is.
async fn sign_out(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<()>> {
    let named = match &body.token {
        Value::Null => caller.session.id.as_str(),
        Value::String(named) if named.is_empty() => caller.session.id.as_str(),
        Value::String(named) if matches!(named.len(), ids::TOKEN_LENGTH | ids::HANDLE_LENGTH) => named,
        _ => return Err(errors::invalid_token()),
    };
    let token_hash = ids::digest(named);
    let owner = sessions::owner(&mut *embedded.store.read().await?, named, &token_hash).await?;
    if owner.is_some_and(|owner| owner != caller.user.id) {
        return Err(errors::invalid_token());
    }
    let mut tx = embedded.store.begin().await?;
    if let Some(handle) = sessions::delete_own(&mut *tx, &caller.user.id, named, &token_hash).await? {
        let ended = if handle == caller.session.id {
            Event::SignOut.of(&caller.user.id)
        } else {
            Event::SessionEnded.of(&caller.user.id).because(Reason::ByOwner)
        };
        let audit = &embedded.audit;
        audit.record(&mut tx, &caller.visitor, ended.on(&handle)).await?;
    }
    tx.commit().await?;
    Ok(Reply(()))
}

async fn sign_out_all(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<()>> {
    let (user, own) = (&caller.user.id, caller.session.id.as_str());
    let audit = &embedded.audit;
    let mut tx = embedded.store.begin().await?;
    audit
        .record_ended_sessions(&mut tx, &caller.visitor, user, Some(own), Reason::ByOwner)
        .await?;
    audit
        .record(&mut tx, &caller.visitor, Event::SignOut.of(user).on(own))
        .await?;
    sessions::delete_of_user(&mut *tx, user, None).await?;
    tx.commit().await?;
    Ok(Reply(()))
}
