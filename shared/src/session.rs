//! [`Session`]: one signed-in browser, told apart by its [`SessionId`].

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A cookie that scripts can read, set and cleared with the session cookie.
///
/// It holds no secret and opens nothing: it tells the site that asking for the profile is worth
/// a request.
pub const SIGNED_IN_COOKIE: &str = "signed_in";

/// One signed-in browser. What is not known is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names the session in `DELETE /api/sessions/{id}`; opens nothing.
    pub id: SessionId,
    /// Whether it is the asking browser's own.
    pub current: bool,
    /// The device, for example `iPhone`.
    pub device: Option<String>,
    /// The browser, for example `Firefox`.
    pub browser: Option<String>,
    /// The system, for example `Linux`.
    pub os: Option<String>,
    /// The address it was opened from.
    pub ip: Option<String>,
    /// When it was opened; RFC 3339, UTC.
    pub created_at: String,
    /// When it was last used; RFC 3339, UTC.
    pub last_seen_at: Option<String>,
}

/// Names a session without opening it: 1 to 64 characters of `A-Z a-z 0-9 - _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

impl SessionId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let sound = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if sound {
            Ok(Self(text))
        } else {
            Err(Invalid::new("id", "There is no such session."))
        }
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}
