//! The passwords that everybody tries first (SECURITY-BAR T-36).

use shared::{Invalid, NewPassword};

/// Lower-case, one a line, sorted bytewise: the words of eight characters and more in the list
/// that Django 5.2 ships (BSD-3-Clause), which was drawn from leaked passwords.
const WORDS: &str = include_str!("../data/common_passwords.txt");

/// Refuses a password that is on the list, in any capitals.
///
/// # Errors
/// [`Invalid`] on the field `password`.
pub(crate) fn refuse(password: NewPassword) -> Result<NewPassword, Invalid> {
    if is_common(&password.expose().to_lowercase()) {
        return Err(Invalid::new(
            "password",
            "This password is too common. Choose one that others do not use.",
        ));
    }
    Ok(password)
}

/// A binary search over the text itself: an index of it would cost memory for each start.
fn is_common(password: &str) -> bool {
    let mut rest = WORDS;
    while !rest.is_empty() {
        // `middle` is the start of the line that holds the middle byte.
        let half = rest.floor_char_boundary(rest.len() / 2);
        let middle = rest[..half].rfind('\n').map_or(0, |end| end + 1);
        let line_end = rest[middle..].find('\n').map_or(rest.len(), |end| middle + end);
        match rest[middle..line_end].cmp(password) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = rest.get(line_end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = &rest[..middle],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_long_enough() {
        let words: Vec<&str> = WORDS.lines().collect();

        assert!(words.len() >= 3000);
        assert!(words.is_sorted());
    }

    #[test]
    fn every_word_of_the_list_is_found() {
        for word in WORDS.lines() {
            assert!(is_common(word), "{word}");
        }
    }

    #[test]
    fn other_words_are_not() {
        for word in [
            "",
            "0",
            "correct horse battery",
            "adamantine",
            "password1\n",
            "zzzzzzzzzzzzz",
            "\u{10ffff}",
        ] {
            assert!(!is_common(word), "{word:?}");
        }
    }

    #[test]
    fn capitals_do_not_help() {
        assert!(refuse(NewPassword::try_from("PassWord1".to_owned()).unwrap()).is_err());
        assert!(refuse(NewPassword::try_from("adamantine horse".to_owned()).unwrap()).is_ok());
    }
}
