//! How [`Settings`](crate::Settings) are read and checked.
//!
//! ```text
//! command line ┐
//! environment  ├─► command_line ─► values (each by itself) ─► checks (all together) ─► Config
//! .env         ┘
//! ```
//!
//! A refused value is never repeated: any of them can hold a secret, if only by mistake
//! (SECURITY-BAR T-93, T-95).

mod checks;
pub mod command_line;
pub mod env_file;
pub(crate) mod networks;
pub(crate) mod redirect;
#[cfg(test)]
mod tests;
pub(crate) mod values;

use std::fmt;

pub use checks::Program;
pub use values::Expected;

/// A setting that must never be printed; prints as `***`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
