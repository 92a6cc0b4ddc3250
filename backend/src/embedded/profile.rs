//! `GET auth/user`, and the user's own record in the database calls: `POST db/object/get` and
//! `POST db/object/update`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::audit::Event;
use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::store::users::{self, UserRow};
use super::{Embedded, wire};

/// The one data model.
const MODEL: &str = "users";
/// The largest custom fields, as JSON, in bytes.
const MAX_CUSTOM_BYTES: usize = 64 * 1024;

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/auth/user", get(user))
        .route("/db/object/get", post(object_get))
        .route("/db/object/update", post(object_update))
}

async fn user(caller: Caller) -> Response {
    wire::User(&caller.user).into_response()
}

/// Which record a call means; every `db/object` call carries these.
#[derive(Deserialize)]
pub(crate) struct Record {
    #[serde(default)]
    model: Value,
    #[serde(default)]
    id: Value,
}

#[derive(Deserialize)]
struct UpdateBody {
    #[serde(flatten)]
    record: Record,
    #[serde(default)]
    values: Map<String, Value>,
}

async fn object_get(caller: Caller, Json(body): Json<Record>) -> Result<Reply<Value>> {
    body.require_own(&caller)?;
    Ok(Reply(wire::user(&caller.user)))
}

/// Changes name, picture and custom fields, and gives the whole record. `null` removes a field.
async fn object_update(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<UpdateBody>,
) -> Result<Reply<Value>> {
    body.record.require_own(&caller)?;
    set_values(&embedded, &caller, body.values).await.map(Reply)
}

/// Writes values to the caller's record and gives the whole of it.
pub(crate) async fn set_values(
    embedded: &Embedded,
    caller: &Caller,
    values: Map<String, Value>,
) -> Result<Value> {
    if values
        .keys()
        .any(|field| wire::SYSTEM_FIELDS.contains(&field.as_str()))
    {
        return Err(errors::unauthorized());
    }
    write(embedded, caller, |_| Ok(values)).await
}

/// Changes the caller's record: `changes` sees it as it is and gives the values to set.
pub(crate) async fn write(
    embedded: &Embedded,
    caller: &Caller,
    changes: impl FnOnce(&Value) -> Result<Map<String, Value>>,
) -> Result<Value> {
    // Read again under the write lock: two changes at once must both count.
    let mut tx = embedded.store.begin().await?;
    let user = users::by_id(&mut *tx, &caller.user.id).await?;
    let mut user = user.ok_or_else(errors::invalid_session_token)?;
    let values = changes(&wire::user(&user))?;
    let before = (user.name.clone(), user.profile_picture.clone());
    change(&mut user, values)?;
    users::set_profile(&mut *tx, &user).await?;
    for (event, changed) in [
        (Event::NameChanged, before.0 != user.name),
        (Event::PictureChanged, before.1 != user.profile_picture),
    ] {
        if changed {
            let entry = event.of(&user.id).on(&caller.session.id);
            embedded.audit.record(&mut tx, &caller.visitor, entry).await?;
        }
    }
    tx.commit().await?;
    Ok(wire::user(&user))
}

impl Record {
    /// # Errors
    /// 403 `unauthorized` unless it is the caller's own record.
    pub(crate) fn require_own(&self, caller: &Caller) -> Result<()> {
        require_model(&self.model)?;
        if self.id == caller.user.id.as_str() {
            Ok(())
        } else {
            Err(errors::unauthorized())
        }
    }
}

/// # Errors
/// 403 `unauthorized` unless the model is the users'.
pub(crate) fn require_model(model: &Value) -> Result<()> {
    if model == MODEL {
        Ok(())
    } else {
        Err(errors::unauthorized())
    }
}

fn change(user: &mut UserRow, mut values: Map<String, Value>) -> Result<()> {
    let mut fields = Fields::default();
    if let Some(name) = values.remove("name") {
        // A name once given may change and may be taken back, but not to blanks by accident.
        if name.as_str().is_some_and(|name| name.trim().is_empty()) {
            fields.refuse("name", "Enter your name.");
        }
        user.name = fields.name("name", &name).map(|name| name.as_str().to_owned());
    }
    if let Some(picture) = values.remove("profilePicture") {
        user.profile_picture = fields.profile_picture("profilePicture", &picture);
    }
    let mut custom = std::mem::take(&mut user.custom_fields.0);
    custom.extend(values);
    user.custom_fields.0 = custom_fields("values", custom, &mut fields);
    fields.finish()
}

/// The application's own fields: named by letters, digits, `_` and `-`, not led by `_` or `$`,
/// together at most 64 KiB. Those that are `null` are left out.
pub(crate) fn custom_fields(
    param: &'static str,
    mut custom: Map<String, Value>,
    fields: &mut Fields,
) -> Map<String, Value> {
    custom.retain(|_, value| !value.is_null());
    let sound = custom.keys().all(|name| {
        (1..=100).contains(&name.len())
            && !name.starts_with('_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    });
    if !sound {
        fields.refuse(
            param,
            "A field is named by letters, digits, _ and -, and not led by _.",
        );
    }
    if serde_json::to_string(&custom).map_or(usize::MAX, |text| text.len()) > MAX_CUSTOM_BYTES {
        fields.refuse(param, "The custom fields are too large.");
    }
    custom
}
