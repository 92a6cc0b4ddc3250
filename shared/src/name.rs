//! [`Name`]: what a person is called on the screen.

use crate::{Invalid, text::is_invisible};

/// A name without outer spaces, 1 to 100 code points, all of which can be seen.
///
/// Joiners and variation selectors are taken where scripts and emoji need them: after something
/// that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

const MAX_CODE_POINTS: usize = 100;

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = Invalid;

    fn try_from(typed: String) -> Result<Self, Invalid> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(Invalid::new("name", "Enter your name."));
        }
        if name.chars().count() > MAX_CODE_POINTS {
            return Err(Invalid::new(
                "name",
                format!("Use at most {MAX_CODE_POINTS} characters."),
            ));
        }
        if name.chars().any(char::is_control) {
            return Err(Invalid::new(
                "name",
                "A name cannot contain line breaks or control characters.",
            ));
        }
        if has_invisible(name) {
            return Err(Invalid::new(
                "name",
                "This name contains invisible characters. Type it anew.",
            ));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Whether something in the name cannot be seen, and has no part in what can.
fn has_invisible(name: &str) -> bool {
    // Of Latin letters, joiners make nothing but another spelling that looks the same.
    let joins = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !c.is_whitespace());
    let mut before = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Persian, Indic scripts and emoji join with them.
            '\u{200c}' | '\u{200d}' => {
                if !joins(before) || !joins(chars.peek().copied().filter(|next| !is_invisible(*next))) {
                    return true;
                }
                before = None;
            }
            // Text or emoji.
            '\u{fe0e}' | '\u{fe0f}' => {
                if before.is_none_or(char::is_whitespace) {
                    return true;
                }
                // A joiner may follow it.
                before = Some('\u{fffd}');
            }
            c if is_invisible(c) => return true,
            c => before = Some(c),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_never_empty() {
        assert_eq!(
            Name::try_from("  Ada Lovelace ".to_owned()).unwrap().as_str(),
            "Ada Lovelace"
        );
        assert!(Name::try_from(" \t ".to_owned()).is_err());
    }

    #[test]
    fn the_limit_counts_code_points() {
        assert!(Name::try_from("é".repeat(100)).is_ok());
        assert!(Name::try_from("é".repeat(101)).is_err());
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(Name::try_from("x\r\nBcc: a@b.c".to_owned()).is_err());
        assert!(Name::try_from("x\0y".to_owned()).is_err());
    }

    #[test]
    fn a_name_of_nothing_visible_is_refused() {
        for name in [
            "\u{3164}",
            "\u{2800}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{200b}\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{2028}",
            "\u{e0041}",
            "\u{e000}",
            "\u{a0}\u{3000}\u{2003}",
            " \u{180e} ",
        ] {
            assert!(Name::try_from(name.to_owned()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_is_not_seen_within_a_name_is_refused() {
        for c in [
            '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}', '\u{202a}', '\u{2066}', '\u{2069}', '\u{200e}',
            '\u{200f}', '\u{61c}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{3164}', '\u{200d}',
            '\u{200c}',
        ] {
            let name = format!("Ada{c}Lovelace");
            assert!(Name::try_from(name.clone()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_of_all_scripts_are_taken() {
        for name in [
            "Zoë",
            "Nguyễn Thị Minh Khai",
            "محمد",
            "علی\u{200c}رضا",
            "प्रिया",
            "क\u{94d}\u{200d}ष",
            "สมชาย",
            "山田 太郎",
            "山田\u{3000}太郎",
            "Ada 👩\u{200d}🔬",
            "❤\u{fe0f}\u{200d}🔥",
            "🇩🇪",
            "O'Neil-Smith, Jr.",
        ] {
            assert!(Name::try_from(name.to_owned()).is_ok(), "{name:?}");
        }
    }
}
