//! Users, sessions and files as Altogic writes them (PROTOCOL section 2).

use serde_json::{Map, Value, json};

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

/// A user, without the password. Who never signed in shows the moment of their sign-up as
/// `lastLoginAt`, as in Altogic.
pub(crate) fn user(user: &UserRow) -> Value {
    // Custom fields first: should one ever carry a reserved name, the real value wins.
    let mut fields: Map<String, Value> = user.custom_fields.0.clone();
    fields.insert("_id".to_owned(), json!(user.id));
    fields.insert("provider".to_owned(), json!("altogic"));
    fields.insert("providerUserId".to_owned(), json!(user.id));
    fields.insert("email".to_owned(), json!(user.email));
    for (field, value) in [("name", &user.name), ("profilePicture", &user.profile_picture)] {
        if let Some(value) = value {
            fields.insert(field.to_owned(), json!(value));
        }
    }
    fields.insert("signUpAt".to_owned(), json!(iso(user.sign_up_at)));
    fields.insert(
        "lastLoginAt".to_owned(),
        json!(iso(user.last_login_at.unwrap_or(user.sign_up_at))),
    );
    fields.insert("emailVerified".to_owned(), json!(user.email_verified));
    Value::Object(fields)
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
