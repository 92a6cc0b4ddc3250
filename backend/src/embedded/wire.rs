//! Users, sessions and files as Altogic writes them (PROTOCOL section 2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::clock::iso;
use super::store::sessions::SessionRow;
use super::store::users::UserRow;
use super::user_agent::UserAgent;

/// Fields of a user that only the server writes (PROTOCOL 5.1), whoever asks.
pub(crate) const SYSTEM_FIELDS: [&str; 14] = [
    "_id",
    "_parent",
    "provider",
    "providerUserId",
    "email",
    "phone",
    "password",
    "emailVerified",
    "phoneVerified",
    "signUpAt",
    "lastLoginAt",
    "createdAt",
    "updatedAt",
    "accessGroupKeys",
];

/// The fields that have a column but may be written.
const OWN_FIELDS: [&str; 2] = ["name", "profilePicture"];

/// A user, without the password. Who never signed in shows the moment of their sign-up as
/// `lastLoginAt`, as in Altogic.
pub(crate) struct User<'a>(pub(crate) &'a UserRow);

impl IntoResponse for User<'_> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl Serialize for User<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let user = self.0;
        let last_login_at = user.last_login_at.unwrap_or(user.sign_up_at);
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("_id", &user.id)?;
        fields.serialize_entry("provider", "altogic")?;
        fields.serialize_entry("providerUserId", &user.id)?;
        fields.serialize_entry("email", &user.email)?;
        for (field, value) in [("name", &user.name), ("profilePicture", &user.profile_picture)] {
            if let Some(value) = value {
                fields.serialize_entry(field, value)?;
            }
        }
        fields.serialize_entry("signUpAt", &iso(user.sign_up_at))?;
        fields.serialize_entry("lastLoginAt", &iso(last_login_at))?;
        fields.serialize_entry("emailVerified", &user.email_verified)?;
        // Should one ever carry a reserved name, the real value wins.
        let reserved = |field: &str| SYSTEM_FIELDS.contains(&field) || OWN_FIELDS.contains(&field);
        for (field, value) in user.custom_fields.iter().filter(|(field, _)| !reserved(field)) {
            fields.serialize_entry(field, value)?;
        }
        fields.end()
    }
}

/// What sign-up, sign-in and grant answer with; `null` for a session where none was opened.
pub(crate) fn grant(user: &UserRow, session: Value) -> Response {
    #[derive(Serialize)]
    struct Grant<'a> {
        user: User<'a>,
        session: Value,
    }
    let user = User(user);
    Json(Grant { user, session }).into_response()
}

/// What a sign-up is answered with while its address waits: no session, and, as an addition of ours,
/// the secret by which the client proves to have made it.
pub(crate) fn waiting_sign_up(user: &UserRow, token: &str) -> Response {
    let user = User(user);
    Json(json!({ "user": user, "session": null, "signUpToken": token })).into_response()
}

/// A [`User`] as a value.
pub(crate) fn user(user: &UserRow) -> Value {
    serde_json::to_value(User(user)).expect("texts and JSON are JSON")
}

/// A session under `token`: the real one for the caller's own, the handle for all others.
/// `id`, `ip` and `lastSeenAt` are ours (PROTOCOL section 11).
pub(crate) fn session(session: &SessionRow, token: &str) -> Value {
    json!({
        "userId": session.user_id,
        "token": token,
        "creationDtm": iso(session.created_at),
        "accessGroupKeys": [],
        "userAgent": UserAgent::parse(session.user_agent.as_deref().unwrap_or_default()),
        "id": session.id,
        "ip": session.ip,
        "lastSeenAt": iso(session.last_seen_at),
    })
}
