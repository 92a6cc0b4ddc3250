//! Checks of a body's fields: every refused one is named, with one item each.

use serde_json::Value;
use shared::{Email, Invalid, Name, NewPassword, Password};
use url::Url;

use super::errors::{self, InvalidField, Result};
use crate::common_password;

/// Collects refused fields while a body is read.
#[derive(Default)]
pub(crate) struct Fields {
    refused: Vec<InvalidField>,
}

impl Fields {
    /// An address; anything but a string counts as an empty one.
    pub(crate) fn email(&mut self, param: &'static str, value: &Value) -> Option<Email> {
        self.keep(param, Email::try_from(text(value)))
    }

    /// A password that opens an account.
    pub(crate) fn password(&mut self, param: &'static str, value: &Value) -> Option<Password> {
        self.keep(param, Password::try_from(text(value)))
    }

    /// A password that may be set: long enough, not common, and not made of the person's name or
    /// address.
    pub(crate) fn new_password(
        &mut self,
        param: &'static str,
        value: &Value,
        min_length: usize,
        name: Option<&Name>,
        email: Option<&Email>,
    ) -> Option<NewPassword> {
        let mut password = NewPassword::try_from(text(value))
            .and_then(|password| password.at_least(min_length))
            .and_then(common_password::refuse);
        if let Some(email) = email {
            let unnamed = Name::try_from(email.as_str().chars().take(100).collect::<String>()).ok();
            if let Some(name) = name.or(unnamed.as_ref()) {
                password = password.and_then(|password| password.not_made_of(name, email));
            }
        }
        self.keep(param, password)
    }

    /// A name; absent, null and blank are none.
    pub(crate) fn name(&mut self, param: &'static str, value: &Value) -> Option<Name> {
        match value {
            Value::Null => None,
            Value::String(name) if name.trim().is_empty() => None,
            Value::String(name) => self.keep(param, Name::try_from(name.clone())),
            _ => {
                self.refuse(param, "A name is a text.");
                None
            }
        }
    }

    /// A picture's URL, http or https, at most 2,048 bytes; absent, null and blank are none.
    pub(crate) fn profile_picture(&mut self, param: &'static str, value: &Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::String(url) if url.trim().is_empty() => None,
            Value::String(url) if is_picture_url(url) => Some(url.clone()),
            _ => {
                self.refuse(
                    param,
                    "A picture is an address that starts with http:// or https://.",
                );
                None
            }
        }
    }

    /// A whole number from 1 on; absent and null are none.
    pub(crate) fn natural(&mut self, param: &'static str, value: &Value) -> Option<usize> {
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        let natural = number.filter(|number| *number > 0);
        if natural.is_none() && !value.is_null() {
            self.refuse(param, "Give a whole number, 1 or more.");
        }
        natural
    }

    /// Notes a refusal.
    pub(crate) fn refuse(&mut self, param: &'static str, message: impl Into<String>) {
        self.refused.push(InvalidField {
            param,
            message: message.into(),
        });
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// 400 `validation_error` with everything that was refused.
    pub(crate) fn finish(self) -> Result<()> {
        if self.refused.is_empty() {
            Ok(())
        } else {
            Err(errors::validation_error(self.refused))
        }
    }

    fn keep<T>(&mut self, param: &'static str, parsed: std::result::Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.refuse(param, invalid.message)).ok()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn is_picture_url(url: &str) -> bool {
    const MAX_BYTES: usize = 2048;
    url.len() <= MAX_BYTES && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
