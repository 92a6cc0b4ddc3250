//! [`Name`]: what a person is called on the screen.

use crate::Invalid;

/// A name without outer spaces, 1 to 100 code points, no control characters.
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
        Ok(Self(name.to_owned()))
    }
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
}
