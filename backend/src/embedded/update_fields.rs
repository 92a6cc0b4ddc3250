//! `POST db/object/update-fields`: changes to single fields of the user's own record.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::profile::{self, Record};
use super::{Embedded, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/db/object/update-fields", post(object_update_fields))
}

#[derive(Deserialize)]
struct Body {
    #[serde(flatten)]
    record: Record,
    #[serde(default)]
    updates: Value,
}

/// One change: `{field, updateType, value}` (PROTOCOL 5.1).
#[derive(Deserialize)]
struct Update {
    field: String,
    #[serde(rename = "updateType")]
    kind: Kind,
    #[serde(default)]
    value: Value,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Set,
    Unset,
    Increment,
    Decrement,
    Min,
    Max,
    Multiply,
    Pull,
    Push,
    Pop,
    Shift,
}

async fn object_update_fields(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    body.record.require_own(&caller)?;
    update_fields(&embedded, &caller, body.updates).await.map(Reply)
}

/// Applies one update or a list of them, all or none, and gives the whole record.
pub(crate) async fn update_fields(embedded: &Embedded, caller: &Caller, updates: Value) -> Result<Value> {
    let updates = if updates.is_array() {
        updates
    } else {
        json!([updates])
    };
    let updates: Vec<Update> =
        serde_json::from_value(updates).map_err(|_| errors::invalid_update_instruction(""))?;
    if updates
        .iter()
        .any(|update| wire::SYSTEM_FIELDS.contains(&update.field.as_str()))
    {
        return Err(errors::unauthorized());
    }
    profile::write(embedded, caller, |record| {
        let mut values = Map::new();
        for update in updates {
            let present = values.get(&update.field).or_else(|| record.get(&update.field));
            let value = apply(update.kind, present.unwrap_or(&Value::Null), update.value)
                .ok_or_else(|| errors::invalid_update_instruction(&update.field))?;
            values.insert(update.field, value);
        }
        Ok(values)
    })
    .await
}

/// The new value; `None` where the update does not fit the present one. An absent number counts
/// as the update's own starting point, an absent list as an empty one.
fn apply(kind: Kind, present: &Value, value: Value) -> Option<Value> {
    match kind {
        Kind::Set => Some(value),
        Kind::Unset => Some(Value::Null),
        Kind::Increment => arithmetic(present, &by(value), i64::checked_add, |a, b| a + b),
        Kind::Decrement => arithmetic(present, &by(value), i64::checked_sub, |a, b| a - b),
        Kind::Multiply => arithmetic(present, &value, i64::checked_mul, |a, b| a * b),
        Kind::Min => extreme(present, value, |new, old| new < old),
        Kind::Max => extreme(present, value, |new, old| new > old),
        Kind::Push => list(present, |items| items.push(value)),
        Kind::Pull => list(present, |items| items.retain(|item| *item != value)),
        Kind::Pop => list(present, |items| drop(items.pop())),
        Kind::Shift => list(present, |items| drop(items.drain(..items.len().min(1)))),
    }
}

fn by(value: Value) -> Value {
    if value.is_null() { json!(1) } else { value }
}

fn arithmetic(
    present: &Value,
    value: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    broken: fn(f64, f64) -> f64,
) -> Option<Value> {
    let zero = json!(0);
    let present = if present.is_null() { &zero } else { present };
    if let (Some(a), Some(b)) = (present.as_i64(), value.as_i64()) {
        return whole(a, b).map(Value::from);
    }
    Number::from_f64(broken(present.as_f64()?, value.as_f64()?)).map(Value::Number)
}

fn extreme(present: &Value, value: Value, wins: fn(f64, f64) -> bool) -> Option<Value> {
    let new = value.as_f64()?;
    if present.is_null() {
        return Some(value);
    }
    Some(if wins(new, present.as_f64()?) {
        value
    } else {
        present.clone()
    })
}

fn list(present: &Value, change: impl FnOnce(&mut Vec<Value>)) -> Option<Value> {
    let mut items = match present {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        _ => return None,
    };
    change(&mut items);
    Some(Value::Array(items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_update_type_does_what_it_is_called() {
        let list = json!([1, 2, 1]);
        for (kind, present, value, expected) in [
            (Kind::Set, json!(1), json!("x"), json!("x")),
            (Kind::Unset, json!(1), json!(null), json!(null)),
            (Kind::Increment, json!(1), json!(2), json!(3)),
            (Kind::Increment, json!(null), json!(null), json!(1)),
            (Kind::Increment, json!(1), json!(0.5), json!(1.5)),
            (Kind::Decrement, json!(1), json!(2), json!(-1)),
            (Kind::Multiply, json!(3), json!(4), json!(12)),
            (Kind::Min, json!(3), json!(2), json!(2)),
            (Kind::Min, json!(3), json!(4), json!(3)),
            (Kind::Max, json!(3), json!(4), json!(4)),
            (Kind::Max, json!(null), json!(4), json!(4)),
            (Kind::Push, list.clone(), json!(3), json!([1, 2, 1, 3])),
            (Kind::Push, json!(null), json!(3), json!([3])),
            (Kind::Pull, list.clone(), json!(1), json!([2])),
            (Kind::Pop, list.clone(), json!(null), json!([1, 2])),
            (Kind::Shift, list, json!(null), json!([2, 1])),
            (Kind::Shift, json!([]), json!(null), json!([])),
        ] {
            assert_eq!(
                apply(kind, &present, value.clone()),
                Some(expected),
                "{present} {value}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (kind, present, value) in [
            (Kind::Increment, json!("x"), json!(1)),
            (Kind::Increment, json!(i64::MAX), json!(1)),
            (Kind::Multiply, json!(f64::MAX), json!(10.5)),
            (Kind::Min, json!(1), json!("x")),
            (Kind::Push, json!("x"), json!(1)),
        ] {
            assert_eq!(apply(kind, &present, value.clone()), None, "{present} {value}");
        }
    }
}
