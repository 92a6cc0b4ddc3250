//! What the browser and the backend say to each other.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                ^^^^^^ the contract of the first hop
//! ```
//!
//! Each feature has one module with its `PATH`, the [`Form`](Parse::Form) that travels, the
//! `Request` it is parsed into on both sides, and the `Response`. Parsed values ([`Email`],
//! [`Name`], [`NewPassword`], …) can only be made from input that passed their checks.

pub mod auth_redirect;
pub mod avatar;
pub mod change_email;
pub mod change_password;
pub mod delete_account;
pub mod magic_link;
pub mod profile;
pub mod reset_password;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod text;
pub mod verify_email;

mod access_token;
mod email;
mod error;
mod name;
mod password;
mod return_to;
mod session;
mod user;

pub use access_token::AccessToken;
pub use email::Email;
pub use error::{ApiError, Details, ErrorBody, ErrorItem, Invalid};
pub use name::Name;
pub use password::{NewPassword, Password};
pub use return_to::ReturnTo;
pub use session::{SIGNED_IN_COOKIE, Session, SessionId};
pub use user::User;

use serde::{Serialize, de::DeserializeOwned};

/// A request that is checked as a whole, by the same code in the form and in the handler.
pub trait Parse: Sized {
    /// The fields as typed; this is what travels as JSON.
    type Form: Serialize + DeserializeOwned;

    /// Checks every field.
    ///
    /// # Errors
    /// One [`Invalid`] for each refused field, in the order of the form.
    fn parse(form: Self::Form) -> Result<Self, Vec<Invalid>>;
}

/// Keeps a parsed field, or notes why it was refused.
fn field<T>(parsed: Result<T, Invalid>, refused: &mut Vec<Invalid>) -> Option<T> {
    parsed.map_err(|invalid| refused.push(invalid)).ok()
}
