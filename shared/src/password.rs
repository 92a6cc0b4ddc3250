//! [`Password`], which opens an account, and [`NewPassword`], which may become one.

use std::fmt;

use crate::{Email, Invalid, Name, text::lower_case};

/// What is typed to sign in: not empty, at most 1 KiB; prints as `***`.
///
/// The rules of [`NewPassword`] are not asked here: a password set under older rules must open
/// its account.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password that may be set: 8 to 256 code points, at most 1 KiB, any character, and not made
/// of the person's own name or address; prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

const MAX_BYTES: usize = 1024;
const MAX_CODE_POINTS: usize = 256;
/// Shorter words are in too many good passwords to refuse them.
const MIN_PERSONAL_WORD: usize = 4;

impl Password {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = Invalid;

    fn try_from(typed: String) -> Result<Self, Invalid> {
        if typed.is_empty() {
            return Err(Invalid::new("password", "Enter your password."));
        }
        if typed.len() > MAX_BYTES {
            return Err(Invalid::new("password", "This password is too long."));
        }
        Ok(Self(typed))
    }
}

impl NewPassword {
    /// The fewest code points that any installation accepts; a setting can ask for more.
    pub const MIN_CODE_POINTS: usize = 8;

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Refuses a password that contains the person's name, a word of it, or their address.
    ///
    /// # Errors
    /// [`Invalid`] on the field `password`.
    pub fn not_made_of(self, name: &Name, email: &Email) -> Result<Self, Invalid> {
        let password = lower_case(&self.0);
        let name = lower_case(name.as_str());
        let local_part = email.as_str().split('@').next().unwrap_or_default();
        let personal = name
            .split_whitespace()
            .chain([name.as_str(), local_part, email.as_str()]);
        for word in personal {
            if word.chars().count() >= MIN_PERSONAL_WORD && password.contains(word) {
                return Err(Invalid::new(
                    "password",
                    "Choose a password that does not contain your name or email address.",
                ));
            }
        }
        Ok(self)
    }

    /// Refuses a password of fewer than `min` code points.
    ///
    /// # Errors
    /// [`Invalid`] on the field `password`.
    pub fn at_least(self, min: usize) -> Result<Self, Invalid> {
        if self.0.chars().count() < min {
            return Err(Invalid::new(
                "password",
                format!("Use at least {min} characters."),
            ));
        }
        Ok(self)
    }
}

impl TryFrom<String> for NewPassword {
    type Error = Invalid;

    fn try_from(typed: String) -> Result<Self, Invalid> {
        if typed.is_empty() {
            return Err(Invalid::new("password", "Choose a password."));
        }
        if typed.len() > MAX_BYTES || typed.chars().count() > MAX_CODE_POINTS {
            return Err(Invalid::new(
                "password",
                format!("Use at most {MAX_CODE_POINTS} characters."),
            ));
        }
        Self(typed).at_least(Self::MIN_CODE_POINTS)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> Result<NewPassword, Invalid> {
        NewPassword::try_from(text.to_owned())
    }

    #[test]
    fn length_counts_code_points_not_bytes() {
        assert!(new("1234567").is_err());
        assert!(new("12345678").is_ok());
        assert!(new("ééééééé").is_err());
        assert!(new("🦀🦀🦀🦀🦀🦀🦀🦀").is_ok());
        assert!(new(&"x".repeat(256)).is_ok());
        assert!(new(&"x".repeat(257)).is_err());
    }

    #[test]
    fn every_character_counts_as_typed() {
        assert_eq!(new("  spaces  ").unwrap().expose(), "  spaces  ");
    }

    #[test]
    fn name_and_address_are_not_passwords() {
        let name = Name::try_from("Ada Lovelace".to_owned()).unwrap();
        let email = Email::try_from("countess@example.com".to_owned()).unwrap();

        for word in ["LoveLace1815", "countess-1815", "xx countess@example.com"] {
            assert!(new(word).unwrap().not_made_of(&name, &email).is_err(), "{word}");
        }
        assert!(
            new("adamantine horse")
                .unwrap()
                .not_made_of(&name, &email)
                .is_ok()
        );
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", new("hunter2 hunter2").unwrap()), "***");
        assert_eq!(
            format!("{:?}", Password::try_from("hunter2".to_owned()).unwrap()),
            "***"
        );
    }
}
