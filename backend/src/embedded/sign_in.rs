//! `POST auth/signin-email`: address and password.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use shared::Email;

use super::audit::{Event, Reason};
use super::errors::{self, Refusal, Result};
use super::extract::Json;
use super::fields::Fields;
use super::known_device::DeviceToken;
use super::limits::PasswordTry;
use super::password::Check;
use super::sign_up_tokens::SignUpTokens;
use super::store::sign_ups;
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

/// Checks the password and opens a session. An unknown address, a wrong password and a sign-up that
/// waits get the same refusal after the same work. Only the client that made the sign-up, and sends
/// its token along, learns that its address is not verified.
async fn sign_in(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    made: SignUpTokens,
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

    let known = device.of(&embedded, &email);
    let attempt = match embedded.limits.begin_sign_in(&email, &visitor, known.as_ref()) {
        Ok(attempt) => attempt,
        Err(refusal) => {
            let refused = Event::SignInByPassword.of_address(None, email.as_str());
            embedded
                .audit
                .record_alone(&visitor, refused.refused(Reason::RateLimited))
                .await;
            return Err(refusal);
        }
    };
    let user = users::by_email(&mut *embedded.store.read().await?, email.as_str()).await?;
    if embedded.settings.compat_errors {
        tell(&embedded, &email, user.as_ref()).await?;
    }
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let check = embedded
        .passwords
        .check(password.expose().to_owned(), stored.clone())
        .await?;
    let account = user.as_ref().map(|user| user.id.clone());
    let signed_in = Event::SignInByPassword.of_address(account.as_deref(), email.as_str());
    let Some(user) = user.filter(|_| check != Check::Wrong) else {
        let (refusal, reason) = waiting(&embedded, &made, &email, password.expose(), attempt).await?;
        let wrong = account
            .as_ref()
            .map_or(Reason::NoAccount, |_| Reason::WrongPassword);
        let refused = signed_in.refused(reason.unwrap_or(wrong));
        embedded.audit.record_alone(&visitor, refused).await;
        return Err(refusal);
    };
    attempt.succeed();
    if embedded.settings.confirm_email && !user.email_verified {
        let refused = signed_in.refused(Reason::NotVerified);
        embedded.audit.record_alone(&visitor, refused).await;
        return Err(errors::email_not_verified());
    }
    open(&embedded, &visitor, user, stored.unwrap_or_default(), check).await
}

/// Why no account was opened; the reason where it is another one than the password.
async fn waiting(
    embedded: &Embedded,
    made: &SignUpTokens,
    email: &Email,
    password: &str,
    attempt: PasswordTry<'_>,
) -> Result<(Refusal, Option<Reason>)> {
    let Some(sign_up) = made.sign_up_of(embedded, email.as_str()).await? else {
        return Ok((errors::invalid_credentials(), None));
    };
    let check = embedded
        .passwords
        .check(password.to_owned(), Some(sign_up.password_hash))
        .await?;
    if check == Check::Wrong {
        return Ok((errors::invalid_credentials(), None));
    }
    attempt.succeed();
    Ok((errors::email_not_verified(), Some(Reason::NotVerified)))
}

/// Altogic's telling answer.
async fn tell(embedded: &Embedded, email: &Email, user: Option<&UserRow>) -> Result<()> {
    let waits = if let Some(user) = user {
        embedded.settings.confirm_email && !user.email_verified
    } else {
        let mut db = embedded.store.read().await?;
        sign_ups::latest_of(&mut *db, email.as_str()).await?.is_some()
    };
    if waits {
        Err(errors::email_not_verified())
    } else {
        Ok(())
    }
}

/// Opens a session of a user whose password was right.
async fn open(
    embedded: &Embedded,
    visitor: &Visitor,
    mut user: UserRow,
    mut password_hash: String,
    check: Check,
) -> Result<Response> {
    let now = embedded.settings.clock.now_ms();
    if let Check::RightAndRehashed(new) = check {
        let mut tx = embedded.store.begin_one().await?;
        if users::replace_password_hash(&mut *tx, &user.id, &password_hash, &new).await? {
            password_hash = new;
        }
        tx.commit().await?;
    }
    let session = sessions::New::of(&user.id, visitor, now);
    let signed_in = Event::SignInByPassword.of(&user.id).on(session.handle());
    let mut tx = embedded.store.begin().await?;
    // A password changed while this one was checked opens nothing.
    if !session.open_for_password(&mut tx, &password_hash).await? {
        drop(tx);
        let refused = Event::SignInByPassword
            .of(&user.id)
            .refused(Reason::WrongPassword);
        embedded.audit.record_alone(visitor, refused).await;
        return Err(errors::invalid_credentials());
    }
    embedded.audit.record(&mut tx, visitor, signed_in).await?;
    tx.commit().await?;
    user.last_login_at = Some(now);
    Ok(wire::grant(&user, session.wire()))
}
