//! What Unicode says about a text. In a browser the browser is asked: Rust's own tables would have to
//! be downloaded, and say the same.

#[cfg(not(target_arch = "wasm32"))]
mod tables {
    pub(super) fn lower_case(text: &str) -> String {
        text.to_lowercase()
    }

    pub(super) fn is_letter_or_digit(c: char) -> bool {
        c.is_alphanumeric()
    }
}

#[cfg(target_arch = "wasm32")]
mod tables {
    use js_sys::{JsString, RegExp};

    pub(super) fn lower_case(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub(super) fn is_letter_or_digit(c: char) -> bool {
        RegExp::new(r"[\p{Alphabetic}\p{N}]", "u").test(c.encode_utf8(&mut [0; 4]))
    }
}

/// The text in small letters.
pub fn lower_case(text: &str) -> String {
    tables::lower_case(text)
}

/// Whether this is a letter or a digit of any script.
pub fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && tables::is_letter_or_digit(c))
}
