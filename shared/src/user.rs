//! [`User`]: a person's account, as the browser sees it.

use serde::{Deserialize, Serialize};

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Opaque, never changes.
    pub id: String,
    /// What the person is called; may be empty in accounts of another Altogic.
    pub name: String,
    /// The mail address.
    pub email: String,
    /// Whether the person has proved to own the address.
    pub email_verified: bool,
    /// The avatar's address, with that of its small copy as its fragment
    /// ([`Copies`](crate::avatar::Copies)); `None` before the first upload.
    pub profile_picture: Option<String>,
    /// When the account was made; RFC 3339, UTC.
    pub created_at: String,
    /// The last time somebody signed in; RFC 3339, UTC.
    pub last_sign_in_at: String,
}
