//! `POST auth/signin-email`: address and password.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::{self, Result};
use super::extract::Json;
use super::fields::Fields;
use super::password::Check;
use super::store::users::{self, UserRow};
use super::visitor::Visitor;
use super::{Embedded, sessions, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/signin-email", post(sign_in))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    email: Value,
    #[serde(default)]
    password: Value,
}

/// Checks the password and opens a session. An unknown address and a wrong password get the same
/// refusal after the same work; only a right password learns that its address is not verified.
async fn sign_in(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let mut fields = Fields::default();
    let (email, password) = (
        fields.email("email", &body.email),
        fields.password("password", &body.password),
    );
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else {
        return Err(errors::invalid_credentials());
    };

    embedded.limits.count_try(&email)?;
    let user = users::by_email(embedded.store.read(), email.as_str()).await?;
    let waits = |user: &UserRow| embedded.settings.confirm_email && !user.email_verified;
    if embedded.settings.compat_errors && user.as_ref().is_some_and(waits) {
        return Err(errors::email_not_verified());
    }
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let check = embedded
        .passwords
        .check(password.expose().to_owned(), stored.clone())
        .await?;
    let Some(mut user) = user.filter(|_| check != Check::Wrong) else {
        return Err(errors::invalid_credentials());
    };
    if waits(&user) {
        return Err(errors::email_not_verified());
    }

    let now = embedded.settings.clock.now_ms();
    let stored = stored.unwrap_or_default();
    let replacement = match &check {
        Check::RightAndRehashed(hash) => hash,
        _ => &stored,
    };
    let mut tx = embedded.store.begin().await?;
    // Also without a new hash: a password changed while this one was checked opens nothing.
    if !users::replace_password_hash(&mut *tx, &user.id, &stored, replacement).await? {
        return Err(errors::invalid_credentials());
    }
    users::set_last_login_at(&mut *tx, &user.id, now).await?;
    let session = sessions::start(&mut tx, &user.id, &visitor, now).await?;
    tx.commit().await?;
    user.last_login_at = Some(now);
    Ok(Reply(json!({ "user": wire::user(&user), "session": session })))
}
