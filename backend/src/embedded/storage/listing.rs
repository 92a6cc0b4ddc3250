//! Filter, order and pages of lists (PROTOCOL 2.5 and 5.2).

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::errors::Result;
use super::super::expression::Expression;

/// How a list is cut. Without them it is whole, the oldest first.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Options {
    page: Option<usize>,
    limit: Option<usize>,
    sort: Option<Sort>,
    return_count_info: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
struct Sort {
    field: String,
    #[serde(default)]
    direction: Direction,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

/// A list, or `{info, data}` where it was asked for.
pub(super) fn list(mut items: Vec<Value>, expression: &Value, options: Option<&Options>) -> Result<Value> {
    if let Some(filter) = Expression::of(expression)? {
        items.retain(|item| filter.accepts(item));
    }
    let Some(options) = options else {
        return Ok(json!(items));
    };
    if let Some(sort) = &options.sort {
        items.sort_by(|a, b| {
            let order = order(&a[&sort.field], &b[&sort.field]);
            if matches!(sort.direction, Direction::Desc) {
                order.reverse()
            } else {
                order
            }
        });
    }
    let count = items.len();
    let size = options.limit.unwrap_or(count).max(1);
    let page = options.page.unwrap_or(1).max(1);
    let data: Vec<Value> = items
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .collect();
    if !options.return_count_info.unwrap_or_default() {
        return Ok(json!(data));
    }
    let info = json!({
        "count": count,
        "totalPages": count.div_ceil(size),
        "currentPage": page,
        "pageSize": size,
    });
    Ok(json!({ "info": info, "data": data }))
}

/// Numbers by size, everything else by its text.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(options: Value) -> Value {
        let items = (1..=5).map(|n| json!({ "n": n })).collect();
        list(
            items,
            &json!("n != 3"),
            Some(&serde_json::from_value(options).unwrap()),
        )
        .unwrap()
    }

    #[test]
    fn a_list_is_filtered_sorted_and_cut_in_this_order() {
        let options = json!({ "page": 2, "limit": 3, "sort": { "field": "n", "direction": "desc" } });

        assert_eq!(numbers(options), json!([{ "n": 1 }]));
    }

    #[test]
    fn the_count_is_of_the_filtered_list() {
        let counted = numbers(json!({ "limit": 3, "returnCountInfo": true }));

        assert_eq!(
            counted["info"],
            json!({ "count": 4, "totalPages": 2, "currentPage": 1, "pageSize": 3 })
        );
        assert_eq!(counted["data"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn odd_pages_are_empty_and_never_a_panic() {
        assert_eq!(
            numbers(json!({ "page": usize::MAX, "limit": usize::MAX })),
            json!([])
        );
        assert_eq!(numbers(json!({ "page": 0, "limit": 0 })), json!([{ "n": 1 }]));
    }
}
