//! What has to hold for any filter, and any body that claims to be wrapped.

use serde_json::{Value, json};

use super::expression::Expression;
pub use super::storage::fuzzed::wrapping;

/// A filter is refused or decides; brackets change nothing, `!` turns it round, and `&&` and `||` are
/// what they are called.
///
/// # Panics
/// Where that does not hold.
pub fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let record = json!({
        "_id": "62", "name": "Ada", "order": 2, "isPublic": true, "tags": ["a", 1, null],
        "in": { "er": -1.5 }, "big": u64::MAX,
    });
    let decides = |text: &str| {
        let parsed = Expression::of(&Value::String(text.to_owned())).ok().flatten();
        parsed.map(|filter| filter.accepts(&record))
    };
    let Some(accepts) = decides(text) else { return };
    assert_eq!(decides(&format!(" {text} ")).unwrap_or(accepts), accepts);
    for (others, expected) in [
        (format!("({text})"), accepts),
        (format!("!({text})"), !accepts),
        (format!("!!({text})"), accepts),
        (format!("({text}) && true"), accepts),
        (format!("({text}) && false"), false),
        (format!("false || ({text})"), accepts),
        (format!("true || ({text})"), true),
        (format!("({text}) == true"), accepts),
    ] {
        // `None` only where it is too long or too deep now.
        assert_eq!(decides(&others).unwrap_or(expected), expected, "{others:?}");
    }
}
