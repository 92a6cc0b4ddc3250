//! `POST auth/send-reset?email=` mails a link, `POST auth/reset-pwd?key=` sets the new password.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;
use shared::{Email, Name};

use super::audit::{Event, Reason};
use super::errors::{self, Result};
use super::extract::{Json, key_of};
use super::fields::Fields;
use super::known_device::DeviceToken;
use super::store::access_tokens::{self, Purpose};
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::visitor::Visitor;
use super::{Embedded, change_password, ids, magic_link, mail_requests};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/auth/send-reset", post(send_reset))
        .route("/auth/reset-pwd", post(reset))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "newPassword")]
    new_password: Value,
}

async fn send_reset(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    RawQuery(query): RawQuery,
) -> Result<Reply<()>> {
    let email = mail_requests::address(&embedded, "reset-password", query.as_deref(), &visitor, &device)?;
    magic_link::send(&embedded, &visitor, &email, Kind::ResetPassword).await
}

/// Redeems the token and sets the password. Every session ends, and nobody is signed in: the new
/// password opens the next one (PROTOCOL 3.3). A refused password leaves the token alive.
async fn reset(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    Json(body): Json<Body>,
) -> Result<Reply<()>> {
    let token_hash = ids::digest(&key_of(query.as_deref())?);
    let settings = &embedded.settings;
    let token = access_tokens::by_hash(
        &mut *embedded.store.read().await?,
        &token_hash,
        settings.clock.now_ms(),
    )
    .await?;
    let Some(token) = token else {
        let refused = Event::PasswordReset.of_no_account().refused(Reason::InvalidLink);
        embedded.audit.record_alone(&visitor, refused).await;
        return Err(errors::invalid_access_token());
    };
    if token.purpose != Purpose::ResetPassword {
        return Err(errors::invalid_token_type());
    }
    let user_id = token.user_id.unwrap_or_default();
    let user = users::by_id(&mut *embedded.store.read().await?, &user_id).await?;
    let user = user.ok_or_else(errors::invalid_access_token)?;
    let mut fields = Fields::default();
    let password = new_password(&embedded, &mut fields, &body.new_password, &user);
    fields.finish()?;
    let password_hash = embedded.passwords.hash(password.unwrap_or_default()).await?;

    // After the hash, which takes longer than anything else: the token may have died meanwhile.
    let now = settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let purposes = [Purpose::ResetPassword; 2];
    let token = access_tokens::redeem(&mut *tx, &token_hash, purposes, now).await?;
    let token = token.ok_or_else(errors::invalid_access_token)?;
    let user = users::by_id(&mut *tx, &token.user_id.unwrap_or_default())
        .await?
        .filter(|user| user.email == token.email);
    let user = user.ok_or_else(errors::invalid_access_token)?;
    users::set_password_hash(&mut *tx, &user.id, &password_hash).await?;
    users::set_email_verified(&mut *tx, &user.id).await?;
    let (audit, id) = (&embedded.audit, &user.id);
    audit
        .record(&mut tx, &visitor, Event::PasswordReset.of(id))
        .await?;
    audit
        .record_ended_sessions(&mut tx, &visitor, id, None, Reason::PasswordReset)
        .await?;
    change_password::end_what_the_old_one_opened(&embedded, &mut tx, &user, None, now).await?;
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(Reply(()))
}

/// The field `newPassword`, checked against the user's own name and address too.
pub(crate) fn new_password(
    embedded: &Embedded,
    fields: &mut Fields,
    value: &Value,
    user: &UserRow,
) -> Option<String> {
    let name = user.name.clone().and_then(|name| Name::try_from(name).ok());
    let email = Email::try_from(user.email.clone()).ok();
    let min_length = embedded.settings.password_min_length;
    let password = fields.new_password("newPassword", value, min_length, name.as_ref(), email.as_ref())?;
    Some(password.expose().to_owned())
}
