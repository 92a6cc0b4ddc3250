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

    pub(super) fn is_mark(c: char) -> bool {
        unicode_normalization::char::is_combining_mark(c)
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

    pub(super) fn is_mark(c: char) -> bool {
        RegExp::new(r"\p{M}", "u").test(c.encode_utf8(&mut [0; 4]))
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

/// Whether this is a mark that belongs to the letter before it, as many scripts write their vowels.
pub fn is_mark(c: char) -> bool {
    !c.is_ascii() && tables::is_mark(c)
}

/// Whether this character shows nothing, changes how others stand, or means nothing to anybody: it
/// lets a text look like another one, or like none.
///
/// Unicode's `Default_Ignorable_Code_Point`, line separators, the empty braille pattern, annotations,
/// and what is for private use. Spaces are none of them, and control characters
/// ([`char::is_control`]) neither.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}
