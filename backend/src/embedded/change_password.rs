//! `POST auth/change-pwd`: changes the password, given the current one.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::audit::{Event, Reason};
use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::password::Check;
use super::reset_password::new_password;
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::store::{Write, access_tokens, sessions as session_rows};
use super::visitor::Visitor;
use super::{Embedded, mail, sessions};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/change-pwd", post(change_password))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "newPassword")]
    new_password: Value,
    #[serde(default, rename = "oldPassword")]
    old_password: Value,
    /// Whether the caller's session goes on under a new token, which the reply then holds. The
    /// official client cannot take one, so it does not ask for it.
    #[serde(default, rename = "renewSession")]
    renew_session: bool,
}

/// Checks the old password, sets the new one, ends all other sessions and tells the owner. Gives the
/// caller's new session where one was asked for.
async fn change_password(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let user = &caller.user;
    let mut fields = Fields::default();
    let new_password = new_password(&embedded, &mut fields, &body.new_password, user);
    let old_password = fields.password("oldPassword", &body.old_password);
    fields.finish()?;
    let old_password = old_password
        .map(|password| password.expose().to_owned())
        .unwrap_or_default();
    let old_hash = check_password(&embedded, &caller, Event::PasswordChanged, old_password).await?;
    let new_hash = embedded.passwords.hash(new_password.unwrap_or_default()).await?;

    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    if !users::replace_password_hash(&mut *tx, &user.id, &old_hash, &new_hash).await? {
        return Err(errors::invalid_credentials());
    }
    let kept = (!body.renew_session).then_some(caller.session.id.as_str());
    let changed = Event::PasswordChanged.of(&user.id).on(&caller.session.id);
    embedded.audit.record(&mut tx, &visitor, changed).await?;
    embedded
        .audit
        .record_ended_sessions(&mut tx, &visitor, &user.id, kept, Reason::PasswordChange)
        .await?;
    end_what_the_old_one_opened(&embedded, &mut tx, user, kept, now).await?;
    let mut session = Value::Null;
    if body.renew_session {
        let new = sessions::New::of(&user.id, &visitor, now);
        new.open(&mut tx).await?;
        session = json!({ "session": new.wire() });
    }
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(Reply(session))
}

/// Gives the stored hash of the caller's current password, if this is it. One that is not proved yet
/// counts here: the caller's session came from a link to the address. Wrong ones are counted by
/// session (SECURITY-BAR T-34), and recorded as a refused `event`.
///
/// # Errors
/// 401 `invalid_credentials`, 429 `rate_limit_exceeded`.
pub(crate) async fn check_password(
    embedded: &Embedded,
    caller: &Caller,
    event: Event,
    password: String,
) -> Result<String> {
    let user = &caller.user;
    let asked = event.of(&user.id).on(&caller.session.id);
    let attempt = match embedded.limits.begin_in_session(&caller.session.id) {
        Ok(attempt) => attempt,
        Err(refusal) => {
            let refused = asked.refused(Reason::RateLimited);
            embedded.audit.record_alone(&caller.visitor, refused).await;
            return Err(refusal);
        }
    };
    let stored = user
        .password_hash
        .clone()
        .or_else(|| user.unproved_password_hash.clone());
    let check = embedded.passwords.check(password, stored.clone()).await?;
    if let (Check::Right | Check::RightAndRehashed(_), Some(stored)) = (check, stored) {
        attempt.succeed();
        return Ok(stored);
    }
    let refused = asked.refused(Reason::WrongPassword);
    embedded.audit.record_alone(&caller.visitor, refused).await;
    Err(errors::invalid_credentials())
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
    session_rows::delete_of_user(&mut **tx, &user.id, keep).await?;
    access_tokens::delete_of_user(&mut **tx, &user.id).await?;
    mail::queue_own(embedded, tx, Kind::PasswordChanged, user, now).await?;
    Ok(())
}
