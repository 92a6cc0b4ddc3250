//! What handlers take from a request: the JSON body, and the caller's session.

use std::ops::Deref;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::clock::as_ms;
use super::errors::{self, InvalidField, Refusal, Result};
use super::store::sessions::{self, Alive, SessionAndUser};
use super::visitor::Visitor;
use super::{Embedded, ids, query};

/// The header that carries a session's token.
pub(crate) const SESSION_HEADER: &str = "session";

/// A JSON object. An absent body is an empty object, because the official client sends none
/// where every field may be missing.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Embedded> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, embedded: &Embedded) -> Result<Self> {
        let body = Bytes::from_request(request, embedded).await.map_err(unread)?;
        let body = if body.is_empty() { b"{}".as_slice() } else { &body };
        // By way of a map, because serde would take an array for a struct as well.
        serde_json::from_slice::<Map<String, Value>>(body)
            .and_then(|fields| serde_json::from_value(Value::Object(fields)))
            .map(Self)
            .map_err(|_| errors::invalid_request_body_syntax())
    }
}

fn unread(rejection: BytesRejection) -> Refusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        errors::request_body_size_too_large()
    } else {
        errors::invalid_request_body_syntax()
    }
}

/// The living session of the header `Session`, and its user.
pub(crate) struct Caller {
    /// The session and whose it is, as they were when they were last written.
    found: Arc<SessionAndUser>,
    /// The token as sent.
    pub(crate) token: String,
    pub(crate) visitor: Visitor,
}

impl Deref for Caller {
    type Target = SessionAndUser;

    fn deref(&self) -> &SessionAndUser {
        &self.found
    }
}

/// How much time passes before a session's use is written down again.
const SEEN_RESOLUTION_MS: i64 = 60_000;

impl FromRequestParts<Embedded> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Embedded) -> Result<Self> {
        let token = token(&parts.headers).ok_or_else(errors::missing_session_token)?;
        let now = embedded.settings.clock.now_ms();
        let found = embedded
            .store
            .session(&ids::digest(&token), embedded.alive(now))
            .await?
            .ok_or_else(errors::invalid_session_token)?;
        if now - found.session.last_seen_at >= SEEN_RESOLUTION_MS {
            note_use(embedded.clone(), found.session.id.clone(), now);
        }
        let Ok(visitor) = Visitor::from_request_parts(parts, embedded).await;
        Ok(Self {
            found,
            token,
            visitor,
        })
    }
}

/// The caller's living session, where there is one.
pub(crate) struct SessionIfAny(Option<Caller>);

impl SessionIfAny {
    /// Whether it is a session of this user.
    pub(crate) fn is_of(&self, user_id: &str) -> bool {
        self.0.as_ref().is_some_and(|caller| caller.user.id == user_id)
    }
}

impl FromRequestParts<Embedded> for SessionIfAny {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Embedded) -> Result<Self> {
        if token(&parts.headers).is_none() {
            return Ok(Self(None));
        }
        Ok(Self(Caller::from_request_parts(parts, embedded).await.ok()))
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let token = headers.get(SESSION_HEADER)?.to_str().ok()?.trim();
    (!token.is_empty()).then(|| token.to_owned())
}

/// Writes the time of use beside the request, which does not wait for it.
fn note_use(embedded: Embedded, session_id: String, now: i64) {
    tokio::spawn(async move {
        if let Err(error) = write_use(&embedded, &session_id, now).await {
            tracing::warn!(%error, "the time of a session's use was not written");
        }
    });
}

async fn write_use(embedded: &Embedded, session_id: &str, now: i64) -> sqlx::Result<()> {
    let mut tx = embedded.store.begin_one().await?;
    sessions::set_last_seen_at(&mut *tx, session_id, now).await?;
    tx.commit().await
}

impl Embedded {
    /// Since when a session must have been made and used to be alive at `now`.
    pub(crate) fn alive(&self, now: i64) -> Alive {
        Alive {
            created_after: now.saturating_sub(as_ms(self.settings.session_max)),
            seen_after: now.saturating_sub(as_ms(self.settings.session_idle)),
        }
    }
}

/// The query's `email`, parsed.
pub(crate) fn email_of(raw_query: Option<&str>) -> Result<shared::Email> {
    shared::Email::try_from(query::value(raw_query, "email").unwrap_or_default()).map_err(|invalid| {
        errors::validation_error(vec![InvalidField {
            param: "email",
            message: invalid.message,
        }])
    })
}

/// The query's `key`.
pub(crate) fn key_of(raw_query: Option<&str>) -> Result<String> {
    query::value(raw_query, "key")
        .filter(|key| !key.is_empty())
        .ok_or_else(errors::missing_access_token)
}
