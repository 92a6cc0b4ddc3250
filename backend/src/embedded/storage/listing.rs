//! Filter, order and pages of lists (PROTOCOL 2.5 and 5.2).

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::super::errors::Result;
use super::super::expression::Expression;
use super::super::fields::Fields;

/// How a list is cut. Without them it is whole, the oldest first.
#[derive(Debug, Default)]
struct Options {
    page: Option<usize>,
    limit: Option<usize>,
    sort: Option<Sort>,
    return_count_info: bool,
}

#[derive(Debug)]
struct Sort {
    field: String,
    is_descending: bool,
}

impl Options {
    /// Reads `{page, limit, sort: {field, direction}, returnCountInfo}`; each may be absent.
    ///
    /// # Errors
    /// 400 `validation_error`.
    fn of(value: &Value) -> Result<Self> {
        let mut fields = Fields::default();
        if !value.is_object() && !value.is_null() {
            fields.refuse("options", "Options are an object.");
        }
        let options = Self {
            page: fields.natural("page", &value["page"]),
            limit: fields.natural("limit", &value["limit"]),
            sort: Sort::of(&mut fields, &value["sort"]),
            return_count_info: value["returnCountInfo"] == true,
        };
        fields.finish()?;
        Ok(options)
    }
}

impl Sort {
    fn of(fields: &mut Fields, value: &Value) -> Option<Self> {
        if value.is_null() {
            return None;
        }
        let is_descending = match &value["direction"] {
            Value::Null => Some(false),
            direction if direction == "asc" => Some(false),
            direction if direction == "desc" => Some(true),
            _ => None,
        };
        let sort = value["field"].as_str().zip(is_descending);
        if sort.is_none() {
            fields.refuse(
                "sort",
                "Sort by {field, direction}; the direction is asc or desc.",
            );
        }
        sort.map(|(field, is_descending)| Self {
            field: field.to_owned(),
            is_descending,
        })
    }
}

/// A list, or `{info, data}` where it was asked for.
///
/// # Errors
/// 400 `invalid_expression`, `validation_error`.
pub(super) fn list(mut items: Vec<Value>, expression: &Value, options: &Value) -> Result<Value> {
    let options = Options::of(options)?;
    if let Some(filter) = Expression::of(expression)? {
        items.retain(|item| filter.accepts(item));
    }
    if let Some(sort) = &options.sort {
        items.sort_by(|a, b| {
            let order = order(&a[&sort.field], &b[&sort.field]);
            if sort.is_descending {
                order.reverse()
            } else {
                order
            }
        });
    }
    let count = items.len();
    let size = options.limit.unwrap_or(count).max(1);
    let page = options.page.unwrap_or(1);
    let data: Vec<Value> = items
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .collect();
    if !options.return_count_info {
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
        list(items, &json!("n != 3"), &options).unwrap()
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
    fn far_pages_are_empty_and_never_a_panic() {
        assert_eq!(
            numbers(json!({ "page": usize::MAX, "limit": usize::MAX })),
            json!([])
        );
    }
}
