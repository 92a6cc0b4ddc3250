//! `POST auth/signin-email`: address and password.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;

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
) -> Result<Response> {
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
    let user = users::by_email(&mut *embedded.store.read().await?, email.as_str()).await?;
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
    let mut password_hash = stored.unwrap_or_default();
    if let Check::RightAndRehashed(new) = check {
        let mut tx = embedded.store.begin_one().await?;
        if users::replace_password_hash(&mut *tx, &user.id, &password_hash, &new).await? {
            password_hash = new;
        }
        tx.commit().await?;
    }
    let session = sessions::New::of(&user.id, &visitor, now);
    let mut tx = embedded.store.begin_one().await?;
    // A password changed while this one was checked opens nothing.
    if !session.open_for_password(&mut tx, &password_hash).await? {
        return Err(errors::invalid_credentials());
    }
    tx.commit().await?;
    user.last_login_at = Some(now);
    Ok(wire::grant(&user, session.wire()))
}
