//! `POST auth/signup-email`: makes an account.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::{Email, Name, NewPassword};
use sqlx::types::Json as Stored;

use super::audit::{Event, Reason};
use super::clock::as_ms;
use super::errors::{self, Result};
use super::extract::Json;
use super::fields::Fields;
use super::known_device::DeviceToken;
use super::mail_requests::{self, MailRequest};
use super::profile::custom_fields;
use super::store::access_tokens::Purpose;
use super::store::outbox::Kind;
use super::store::sign_ups::{self, SignUpRow};
use super::store::users::{self, UserRow};
use super::visitor::Visitor;
use super::{Embedded, gate, ids, sessions, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/signup-email", post(sign_up))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    email: Value,
    #[serde(default)]
    password: Value,
    /// A string is the name; an object is merged into the user (PROTOCOL 3.3).
    #[serde(default, rename = "nameOrUserData")]
    name_or_user_data: Value,
}

struct Request {
    email: Email,
    password: NewPassword,
    name: Option<Name>,
    profile_picture: Option<String>,
    custom_fields: Map<String, Value>,
    asks_to_be_verified: bool,
}

/// Keeps the sign-up until its link is redeemed, and has the link mailed; or makes the account at once
/// where addresses are not verified.
///
/// Whether the address is taken makes no difference here: its owner is told by mail, unless sign-up
/// signs in at once; then there is nothing to hide behind.
async fn sign_up(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response> {
    let settings = &embedded.settings;
    let request = parse(body, settings.password_min_length)?;
    let verified = request.asks_to_be_verified && gate::has_api_key(&embedded, &headers).await?;
    let signs_in = verified || !settings.confirm_email;
    if !signs_in {
        let known = device.of(&embedded, &request.email);
        embedded
            .limits
            .count_mail("sign-up", &request.email, &visitor, known.as_ref())?;
    }
    let password_hash = embedded
        .passwords
        .hash(request.password.expose().to_owned())
        .await?;
    let now = settings.clock.now_ms();
    let user = UserRow {
        id: ids::new_id(),
        email: request.email.as_str().to_owned(),
        password_hash: Some(password_hash.clone()),
        unproved_password_hash: None,
        name: request.name.map(|name| name.as_str().to_owned()),
        profile_picture: request.profile_picture,
        custom_fields: Stored(request.custom_fields),
        email_verified: verified,
        sign_up_at: now,
        last_login_at: signs_in.then_some(now),
    };
    if signs_in {
        let session = make_account(&embedded, &user, &visitor, now).await?;
        return Ok(wire::grant(&user, session));
    }
    if settings.compat_errors
        && users::by_email(&mut *embedded.store.read().await?, &user.email)
            .await?
            .is_some()
    {
        let refused = Event::SignUpAsked
            .of_address(None, &user.email)
            .refused(Reason::AccountExists);
        embedded.audit.record_alone(&visitor, refused).await;
        return Err(errors::email_not_unique());
    }
    let token = keep(&embedded, &visitor, &user, password_hash, now).await?;
    Ok(wire::waiting_sign_up(&user, &token))
}

/// Makes the account and signs in.
async fn make_account(embedded: &Embedded, user: &UserRow, visitor: &Visitor, now: i64) -> Result<Value> {
    let mut tx = embedded.store.begin().await?;
    if users::by_email(&mut *tx, &user.email).await?.is_some() {
        drop(tx);
        let refused = Event::SignUpAsked
            .of_address(None, &user.email)
            .refused(Reason::AccountExists);
        embedded.audit.record_alone(visitor, refused).await;
        return Err(errors::email_not_unique());
    }
    users::insert(&mut *tx, user).await?;
    sign_ups::delete_of_email(&mut *tx, &user.email).await?;
    let new = sessions::New::of(&user.id, visitor, now);
    new.open(&mut tx).await?;
    let completed = Event::SignUpCompleted.of(&user.id).on(new.handle());
    embedded.audit.record(&mut tx, visitor, completed).await?;
    tx.commit().await?;
    Ok(new.wire())
}

/// Keeps the sign-up, beside others of the same address, and asks for its mail. Gives the secret by
/// which its client proves to have made it.
async fn keep(
    embedded: &Embedded,
    visitor: &Visitor,
    user: &UserRow,
    password_hash: String,
    now: i64,
) -> Result<String> {
    let token = ids::new_token();
    let sign_up = SignUpRow {
        id: user.id.clone(),
        token_hash: ids::digest(&token),
        email: user.email.clone(),
        password_hash,
        name: user.name.clone(),
        profile_picture: user.profile_picture.clone(),
        custom_fields: user.custom_fields.clone(),
        created_at: now,
        expires_at: now + as_ms(Purpose::VerifyEmail.lifetime()),
    };
    let request = MailRequest {
        kind: Kind::VerifyEmail,
        email: &user.email,
        user_id: None,
        sign_up_id: Some(&user.id),
    };
    let mut tx = embedded.store.begin().await?;
    sign_ups::insert(&mut *tx, &sign_up).await?;
    mail_requests::add(&mut tx, request, now).await?;
    let asked = Event::SignUpAsked.of_address(None, &user.email);
    embedded.audit.record(&mut tx, visitor, asked).await?;
    tx.commit().await?;
    embedded.mail_requested.notify_one();
    Ok(token)
}

fn parse(body: Body, password_min_length: usize) -> Result<Request> {
    let mut fields = Fields::default();
    let mut data = match body.name_or_user_data {
        Value::Object(data) => data,
        Value::Null => Map::new(),
        name => Map::from_iter([("name".to_owned(), name)]),
    };
    let asks_to_be_verified = data.get("emailVerified") == Some(&Value::Bool(true));
    // Dropped without a word, as Altogic does; what they set, this server sets itself.
    for field in wire::SYSTEM_FIELDS {
        data.remove(field);
    }
    let name = fields.name("name", &data.remove("name").unwrap_or_default());
    let profile_picture = fields.profile_picture(
        "profilePicture",
        &data.remove("profilePicture").unwrap_or_default(),
    );
    let custom_fields = custom_fields("nameOrUserData", data, &mut fields);
    let email = fields.email("email", &body.email);
    let password = fields.new_password(
        "password",
        &body.password,
        password_min_length,
        name.as_ref(),
        email.as_ref(),
    );
    fields.finish()?;
    match (email, password) {
        (Some(email), Some(password)) => Ok(Request {
            email,
            password,
            name,
            profile_picture,
            custom_fields,
            asks_to_be_verified,
        }),
        _ => Err(errors::internal_server_error()),
    }
}
