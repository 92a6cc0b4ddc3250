//! `POST auth/change-pwd`: a new password for who knows the old one.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;

use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::password::Check;
use super::reset_password::new_password;
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::store::{Write, access_tokens, sessions};
use super::{Embedded, mail};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/change-pwd", post(change_password))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "newPassword")]
    new_password: Value,
    #[serde(default, rename = "oldPassword")]
    old_password: Value,
}

/// Checks the old password, sets the new one, ends all other sessions and tells the owner.
async fn change_password(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<()>> {
    let user = &caller.user;
    let mut fields = Fields::default();
    let new_password = new_password(&embedded, &mut fields, &body.new_password, user);
    let old_password = fields.password("oldPassword", &body.old_password);
    fields.finish()?;
    let old_password = old_password
        .map(|password| password.expose().to_owned())
        .unwrap_or_default();
    let old_hash = check_password(&embedded, user, old_password).await?;
    let new_hash = embedded.passwords.hash(new_password.unwrap_or_default()).await?;

    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    if !users::replace_password_hash(&mut *tx, &user.id, &old_hash, &new_hash).await? {
        return Err(errors::invalid_credentials());
    }
    end_what_the_old_one_opened(&embedded, &mut tx, user, Some(&caller.session.id), now).await?;
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(Reply(()))
}

/// Gives the stored hash of a user whose password this is.
///
/// # Errors
/// 401 `invalid_credentials`.
pub(crate) async fn check_password(embedded: &Embedded, user: &UserRow, password: String) -> Result<String> {
    let stored = user.password_hash.clone();
    match (embedded.passwords.check(password, stored.clone()).await?, stored) {
        (Check::Right | Check::RightAndRehashed(_), Some(stored)) => Ok(stored),
        _ => Err(errors::invalid_credentials()),
    }
}

/// After a new password: every session but `keep` ends, every mailed link dies, also one that
/// would move the account, and the owner is told.
pub(crate) async fn end_what_the_old_one_opened(
    embedded: &Embedded,
    tx: &mut Write,
    user: &UserRow,
    keep: Option<&str>,
    now: i64,
) -> Result<()> {
    sessions::delete_of_user(&mut **tx, &user.id, keep).await?;
    access_tokens::delete_of_user(&mut **tx, &user.id).await?;
    mail::queue_own(embedded, tx, Kind::PasswordChanged, user, now).await?;
    Ok(())
}
