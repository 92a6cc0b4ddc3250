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

use super::errors::{self, Result};
use super::extract::Json;
use super::fields::Fields;
use super::profile::custom_fields;
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::store::{Write, environment};
use super::visitor::Visitor;
use super::{Embedded, gate, ids, mail, sessions, wire};

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

/// Makes the account; mails its link, or signs in at once where addresses are not verified.
///
/// A taken address gets the answer of a fresh one, and its owner a mail, unless sign-up signs in
/// at once: then there is nothing to hide behind.
async fn sign_up(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response> {
    let settings = &embedded.settings;
    let request = parse(body, settings.password_min_length)?;
    let verified = request.asks_to_be_verified && gate::has_api_key(&embedded, &headers).await?;
    // Also for a taken address, so that both answers take equally long.
    let password_hash = embedded
        .passwords
        .hash(request.password.expose().to_owned())
        .await?;
    let now = settings.clock.now_ms();
    let signs_in = verified || !settings.confirm_email;
    let user = UserRow {
        // Always a new one, also where an abandoned sign-up is taken over: ids that stay the same
        // would tell that the address was free.
        id: ids::new_id(),
        email: request.email.as_str().to_owned(),
        password_hash: Some(password_hash),
        name: request.name.map(|name| name.as_str().to_owned()),
        profile_picture: request.profile_picture,
        custom_fields: Stored(request.custom_fields),
        email_verified: verified,
        sign_up_at: now,
        last_login_at: signs_in.then_some(now),
    };

    let mut tx = embedded.store.begin().await?;
    if let Some(owner) = users::by_email(&mut *tx, &user.email).await? {
        if owner.email_verified || owner.last_login_at.is_some() {
            if signs_in || settings.compat_errors {
                return Err(errors::email_not_unique());
            }
            tell_owner(&embedded, tx, &owner, now).await?;
            return Ok(wire::grant(&user, Value::Null));
        }
        // Nobody proved to own the address or ever used the account: the newest sign-up counts,
        // and links of the older one end with its row.
        users::delete(&mut *tx, &owner.id).await?;
    }
    users::insert(&mut *tx, &user).await?;
    let mut session = Value::Null;
    if signs_in {
        let new = sessions::New::of(&user.id, &visitor, now);
        new.open(&mut tx).await?;
        session = new.wire();
    } else {
        mail::queue_own(&embedded, &mut tx, Kind::VerifyEmail, &user, now).await?;
    }
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(wire::grant(&user, session))
}

async fn tell_owner(embedded: &Embedded, mut tx: Write, owner: &UserRow, now: i64) -> Result<()> {
    if !mail::queue_own(embedded, &mut tx, Kind::AccountExists, owner, now).await? {
        environment::decoy_write(&mut *tx).await?;
    }
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(())
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
