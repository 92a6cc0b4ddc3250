//! Values of a query string, decoded as Altogic's clients write them (PROTOCOL 1.4).

use percent_encoding::percent_decode_str;

/// The first value of `name`, percent-decoded, with a raw `+` left alone: the official client
/// sends addresses unencoded, and `a+b@x.io` must not lose its plus.
pub(crate) fn value(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| percent_decode_str(value).decode_utf8_lossy().into_owned())
    })
}

/// The same for values that may be form-encoded: `+` is a space. Every client percent-encodes
/// these, so a real plus arrives as `%2B`.
pub(crate) fn form_value(query: Option<&str>, name: &str) -> Option<String> {
    value(query.map(|query| query.replace('+', " ")).as_deref(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_plus_in_an_address_stays() {
        assert_eq!(
            value(Some("email=a+b@x.io"), "email").as_deref(),
            Some("a+b@x.io")
        );
        assert_eq!(
            value(Some("email=a%2Bb%40x.io&x=y"), "email").as_deref(),
            Some("a+b@x.io")
        );
    }

    #[test]
    fn a_form_encoded_space_is_one() {
        assert_eq!(
            form_value(Some("fileName=my+cat%2B.png"), "fileName").as_deref(),
            Some("my cat+.png")
        );
    }

    #[test]
    fn absent_and_empty_differ() {
        assert_eq!(value(None, "key"), None);
        assert_eq!(value(Some("a=b"), "key"), None);
        assert_eq!(value(Some("key="), "key").as_deref(), Some(""));
        assert_eq!(value(Some("key"), "key").as_deref(), Some(""));
        assert_eq!(value(Some("xkey=1"), "key"), None);
    }
}
