//! The list calls on the users model, which holds one record for every caller: their own
//! (PROTOCOL section 11).

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::delete_account::delete_account;
use super::errors::Result;
use super::expression::Expression;
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::profile::{require_model, set_values};
use super::update_fields::update_fields;
use super::{Embedded, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/db/get-list", post(get_list))
        .route("/db/get-single", post(get_single))
        .route("/db/get-random", post(get_random))
        .route("/db/update", post(update))
        .route("/db/update-fields", post(update_many_fields))
        .route("/db/delete", post(delete))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: Value,
    #[serde(default)]
    query: Query,
    #[serde(default, rename = "returnCountInfo")]
    return_count_info: bool,
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    updates: Value,
}

/// What of a query has a meaning where there is one record; its sorting and grouping have none.
#[derive(Default, Deserialize)]
struct Query {
    #[serde(default)]
    expression: Value,
    #[serde(default)]
    page: Value,
    #[serde(default)]
    limit: Value,
    #[serde(default)]
    omit: Option<Vec<String>>,
}

impl Body {
    /// The caller's record, if it passes the filter.
    fn found(&self, caller: &Caller) -> Result<Option<Value>> {
        require_model(&self.model)?;
        let filter = Expression::of(&self.query.expression)?;
        let record = wire::user(&caller.user);
        Ok(Some(record).filter(|record| filter.is_none_or(|filter| filter.accepts(record))))
    }

    fn trimmed(&self, mut record: Value) -> Value {
        if let (Some(fields), Some(omit)) = (record.as_object_mut(), &self.query.omit) {
            fields.retain(|field, _| field == "_id" || !omit.contains(field));
        }
        record
    }
}

async fn get_list(caller: Caller, Json(body): Json<Body>) -> Result<Reply<Value>> {
    let mut fields = Fields::default();
    let page = fields.natural("page", &body.query.page).unwrap_or(1);
    let limit = fields.natural("limit", &body.query.limit);
    fields.finish()?;
    let found = body.found(&caller)?;
    let count = usize::from(found.is_some());
    let data: Vec<Value> = found
        .filter(|_| page == 1)
        .map(|record| body.trimmed(record))
        .into_iter()
        .collect();
    if !body.return_count_info {
        return Ok(Reply(json!(data)));
    }
    let info = json!({
        "count": count,
        "totalPages": count,
        "currentPage": page,
        "pageSize": limit.unwrap_or(count),
    });
    Ok(Reply(json!({ "info": info, "data": data })))
}

async fn get_single(caller: Caller, Json(body): Json<Body>) -> Result<Reply<Value>> {
    Ok(Reply(
        body.found(&caller)?
            .map_or(Value::Null, |record| body.trimmed(record)),
    ))
}

async fn get_random(caller: Caller, Json(body): Json<Body>) -> Result<Reply<Value>> {
    let found = body.found(&caller)?.map(|record| body.trimmed(record));
    Ok(Reply(json!(found.into_iter().collect::<Vec<_>>())))
}

async fn update(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let found = body.found(&caller)?.is_some();
    if found {
        set_values(&embedded, &caller, body.values).await?;
    }
    Ok(Reply(
        json!({ "totalMatch": i64::from(found), "updated": i64::from(found) }),
    ))
}

async fn update_many_fields(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let found = body.found(&caller)?.is_some();
    if found {
        update_fields(&embedded, &caller, body.updates).await?;
    }
    Ok(Reply(
        json!({ "totalMatch": i64::from(found), "updated": i64::from(found) }),
    ))
}

async fn delete(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let found = body.found(&caller)?.is_some();
    if found {
        delete_account(&embedded, &caller).await?;
    }
    Ok(Reply(
        json!({ "totalMatch": i64::from(found), "deleted": i64::from(found) }),
    ))
}
