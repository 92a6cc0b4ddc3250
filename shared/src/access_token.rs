//! [`AccessToken`]: the one-time secret of a mail link.

use std::fmt;

use crate::Invalid;

/// The one-time secret of a mail link: 1 to 4,096 visible ASCII characters; prints as `***`.
///
/// The shape is loose because another Altogic chooses it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

const MAX_BYTES: usize = 4096;

impl AccessToken {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccessToken {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new(
                "access_token",
                "This link is not complete. Open it again from the mail.",
            ));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
