//! `POST /api/change-email` asks for another address; `GET` shows and `DELETE` cancels the change
//! that waits for its mail.

use serde::{Deserialize, Serialize};

use crate::{Email, Invalid, Parse, Password, field};

/// The route.
pub const PATH: &str = "/api/change-email";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// The account's password.
    pub password: String,
    /// The address to move to.
    pub new_email: String,
}

/// A change whose fields passed their checks.
#[derive(Clone, Debug)]
pub struct Request {
    /// The account's password.
    pub password: Password,
    /// The address to move to.
    pub new_email: Email,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let new_email = Email::try_from(form.new_email).map_err(|invalid| invalid.on("new_email"));
        let new_email = field(new_email, &mut refused);
        match (field(Password::try_from(form.password), &mut refused), new_email) {
            (Some(password), Some(new_email)) => Ok(Self { password, new_email }),
            _ => Err(refused),
        }
    }
}

/// 202: the new address has a mail to confirm, or the account has moved already where addresses
/// are not verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {}

/// The change that waits for its mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The address to move to; `None` while no change waits, or where Altogic does not tell.
    pub new_email: Option<String>,
}
