//! `GET auth/grant` and `POST auth/grant` redeem the access token of a sign-up or a magic link: the
//! address counts as verified from here on, and a session opens.
//!
//! A link proves that its reader owns the address, not that they chose the password: a stranger may
//! have signed up with it. So where the address is proved for the first time, the password chosen
//! before counts only if the caller proves to know it, as the client that made the sign-up
//! ([`SignUpTokens`]), in a session or on a device of the account, or by naming it; or a new one is set. Altogic's
//! own call, the `GET`, has nothing to prove it with: it signs in, and the password opens nothing.

use axum::Router;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;
use shared::{Email, Name};

use super::audit::{Event, Reason};
use super::errors::{self, Refusal, Result};
use super::extract::{Json, SessionIfAny, key_of};
use super::fields::Fields;
use super::known_device::DeviceToken;
use super::password::Check;
use super::sign_up_tokens::SignUpTokens;
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::store::sign_ups::{self, SignUpRow};
use super::store::users::{self, UserRow};
use super::store::{Write, sessions as session_rows};
use super::visitor::Visitor;
use super::{Embedded, ids, sessions, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/grant", get(grant).post(grant_with_proof))
}

/// What the `POST` says, as an addition of ours.
#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    key: Value,
    /// The password that was chosen before the address was proved.
    #[serde(default)]
    password: Value,
    /// A password to set in its place.
    #[serde(default, rename = "newPassword")]
    new_password: Value,
}

/// What a caller brings along that only the one who chose the password can have.
pub(crate) struct Proofs {
    made: SignUpTokens,
    session: SessionIfAny,
    device: DeviceToken,
}

impl Proofs {
    /// Whether the caller's device signed in to the account of an address: while that was not verified,
    /// only its password opened it.
    fn signed_in_before(&self, embedded: &Embedded, email: &str) -> bool {
        let email = Email::try_from(email.to_owned());
        email.is_ok_and(|email| self.device.of(embedded, &email).is_some())
    }
}

impl FromRequestParts<Embedded> for Proofs {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Embedded) -> Result<Self> {
        let Ok(made) = SignUpTokens::from_request_parts(parts, embedded).await;
        let Ok(device) = DeviceToken::from_request_parts(parts, embedded).await;
        let session = SessionIfAny::from_request_parts(parts, embedded).await?;
        Ok(Self {
            made,
            session,
            device,
        })
    }
}

/// The password of an account whose address is proved for the first time.
enum FirstPassword {
    /// The one chosen before, proved by the caller.
    Proved,
    /// The hash of a new one.
    New(String),
    /// The one chosen before, perhaps by a stranger.
    Unproved,
}

/// The address of a sign-up, or of an account that was never verified.
struct Unverified {
    email: String,
    name: Option<String>,
    password_hash: Option<String>,
    is_proved: bool,
}

async fn grant(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    proofs: Proofs,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let key = key_of(query.as_deref())?;
    redeem(&embedded, &visitor, &proofs, &key, Body::default()).await
}

async fn grant_with_proof(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    proofs: Proofs,
    Json(body): Json<Body>,
) -> Result<Response> {
    let key = body.key.as_str().unwrap_or_default().to_owned();
    if key.is_empty() {
        return Err(errors::missing_access_token());
    }
    redeem(&embedded, &visitor, &proofs, &key, body).await
}

/// Whether redeeming a token takes a password for it to count.
pub(crate) async fn needs_password(
    embedded: &Embedded,
    token: &AccessTokenRow,
    proofs: &Proofs,
) -> Result<bool> {
    if !matches!(token.purpose, Purpose::VerifyEmail | Purpose::MagicLink) {
        return Ok(false);
    }
    // Where addresses are not verified at sign-up, a link opens the account at once.
    if token.sign_up_id.is_none() && !embedded.settings.confirm_email {
        return Ok(false);
    }
    let unverified = unverified(embedded, token, proofs).await?;
    Ok(unverified.is_some_and(|unverified| !unverified.is_proved))
}

/// What a token would prove for the first time; `None` where the address is verified already.
async fn unverified(
    embedded: &Embedded,
    token: &AccessTokenRow,
    proofs: &Proofs,
) -> Result<Option<Unverified>> {
    let mut db = embedded.store.read().await?;
    if let Some(id) = &token.sign_up_id {
        let sign_up = sign_ups::by_id(&mut *db, id).await?;
        let sign_up = sign_up.ok_or_else(errors::invalid_access_token)?;
        return Ok(Some(Unverified {
            is_proved: proofs.made.made(&sign_up),
            email: sign_up.email,
            name: sign_up.name,
            password_hash: Some(sign_up.password_hash),
        }));
    }
    let user = users::by_id(&mut *db, token.user_id.as_deref().unwrap_or_default()).await?;
    let user = user.filter(|user| user.email == token.email);
    let user = user.ok_or_else(errors::invalid_access_token)?;
    Ok((!user.email_verified).then(|| Unverified {
        is_proved: proofs.session.is_of(&user.id) || proofs.signed_in_before(embedded, &user.email),
        email: user.email,
        name: user.name,
        password_hash: user.password_hash,
    }))
}

async fn redeem(
    embedded: &Embedded,
    visitor: &Visitor,
    proofs: &Proofs,
    key: &str,
    body: Body,
) -> Result<Response> {
    let token_hash = ids::digest(key);
    let now = embedded.settings.clock.now_ms();
    let token = access_tokens::by_hash(&mut *embedded.store.read().await?, &token_hash, now).await?;
    let Some(token) = token else {
        let refused = Event::SignInByLink.of_no_account().refused(Reason::InvalidLink);
        embedded.audit.record_alone(visitor, refused).await;
        return Err(errors::invalid_access_token());
    };
    let purposes = [Purpose::VerifyEmail, Purpose::MagicLink];
    if !purposes.contains(&token.purpose) {
        return Err(errors::invalid_token_type());
    }
    let first = match unverified(embedded, &token, proofs).await? {
        Some(unverified) => Some(first_password(embedded, &unverified, body, &token_hash).await?),
        None => None,
    };

    // After the hashes, which take longer than anything else: the token may have died meanwhile.
    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let token = access_tokens::redeem(&mut *tx, &token_hash, purposes, now).await?;
    let token = token.ok_or_else(errors::invalid_access_token)?;
    let mut user = match (&token.sign_up_id, first) {
        (Some(id), Some(first)) => make_account(&mut tx, id, first, now).await?,
        (None, first) => take_account(&mut tx, &token, first).await?,
        (Some(_), None) => return Err(errors::invalid_access_token()),
    };
    let session = sessions::New::of(&user.id, visitor, now);
    session.open(&mut tx).await?;
    let event = match token.purpose {
        Purpose::VerifyEmail => Event::SignUpCompleted,
        _ => Event::SignInByLink,
    };
    let opened = event.of(&user.id).on(session.handle());
    embedded.audit.record(&mut tx, visitor, opened).await?;
    tx.commit().await?;
    user.last_login_at = Some(now);
    Ok(wire::grant(&user, session.wire()))
}

/// Finds out which password the account will have.
///
/// # Errors
/// 401 `invalid_credentials` for a wrong one, 400 `validation_error` for a refused new one, 429; the
/// token stays alive.
async fn first_password(
    embedded: &Embedded,
    unverified: &Unverified,
    body: Body,
    token_hash: &str,
) -> Result<FirstPassword> {
    if !body.new_password.is_null() {
        let mut fields = Fields::default();
        let name = unverified.name.clone().and_then(|name| Name::try_from(name).ok());
        let email = Email::try_from(unverified.email.clone()).ok();
        let min_length = embedded.settings.password_min_length;
        let new = fields.new_password(
            "newPassword",
            &body.new_password,
            min_length,
            name.as_ref(),
            email.as_ref(),
        );
        fields.finish()?;
        let new = new.ok_or_else(errors::internal_server_error)?;
        let hash = embedded.passwords.hash(new.expose().to_owned()).await?;
        return Ok(FirstPassword::New(hash));
    }
    if unverified.is_proved {
        return Ok(FirstPassword::Proved);
    }
    if body.password.is_null() {
        return Ok(FirstPassword::Unproved);
    }
    let mut fields = Fields::default();
    let password = fields.password("password", &body.password);
    fields.finish()?;
    let password = password.ok_or_else(errors::invalid_credentials)?;
    let attempt = embedded.limits.begin_at_link(token_hash)?;
    let check = embedded
        .passwords
        .check(password.expose().to_owned(), unverified.password_hash.clone())
        .await?;
    if check == Check::Wrong {
        return Err(errors::invalid_credentials());
    }
    attempt.succeed();
    Ok(FirstPassword::Proved)
}

/// Makes the account of a sign-up, and ends every other sign-up of its address.
async fn make_account(tx: &mut Write, id: &str, first: FirstPassword, now: i64) -> Result<UserRow> {
    let sign_up = sign_ups::by_id(&mut **tx, id).await?;
    let sign_up = sign_up.ok_or_else(errors::invalid_access_token)?;
    if users::by_email(&mut **tx, &sign_up.email).await?.is_some() {
        return Err(errors::invalid_access_token());
    }
    let user = account(sign_up, first, now);
    users::insert(&mut **tx, &user).await?;
    sign_ups::delete_of_email(&mut **tx, &user.email).await?;
    Ok(user)
}

fn account(sign_up: SignUpRow, first: FirstPassword, now: i64) -> UserRow {
    let (password_hash, unproved_password_hash) = match first {
        FirstPassword::Proved => (Some(sign_up.password_hash), None),
        FirstPassword::New(hash) => (Some(hash), None),
        FirstPassword::Unproved => (None, Some(sign_up.password_hash)),
    };
    UserRow {
        id: sign_up.id,
        email: sign_up.email,
        password_hash,
        unproved_password_hash,
        name: sign_up.name,
        profile_picture: sign_up.profile_picture,
        custom_fields: sign_up.custom_fields,
        email_verified: true,
        sign_up_at: sign_up.created_at,
        last_login_at: Some(now),
    }
}

/// Gives an account to whoever proved to own its address. If that is proved for the first time and
/// the password is not, whoever chose it loses the account: its sessions and links end.
async fn take_account(
    tx: &mut Write,
    token: &AccessTokenRow,
    first: Option<FirstPassword>,
) -> Result<UserRow> {
    let id = token.user_id.as_deref().unwrap_or_default();
    let user = users::by_id(&mut **tx, id).await?;
    let user = user.filter(|user| user.email == token.email);
    let mut user = user.ok_or_else(errors::invalid_access_token)?;
    match first {
        None => {
            access_tokens::delete_of_purpose(&mut **tx, id, token.purpose).await?;
            return Ok(user);
        }
        Some(FirstPassword::Proved) => users::set_email_verified(&mut **tx, id).await?,
        Some(FirstPassword::Unproved) => {
            users::set_claimed(&mut **tx, id).await?;
            session_rows::delete_of_user(&mut **tx, id, None).await?;
        }
        Some(FirstPassword::New(hash)) => {
            users::set_password_hash(&mut **tx, id, &hash).await?;
            users::set_email_verified(&mut **tx, id).await?;
            session_rows::delete_of_user(&mut **tx, id, None).await?;
        }
    }
    access_tokens::delete_of_user(&mut **tx, id).await?;
    user.email_verified = true;
    Ok(user)
}
