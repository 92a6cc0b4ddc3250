//! `POST /api/sign-in`: address and password.

use serde::{Deserialize, Serialize};

use crate::{Email, Invalid, Parse, Password, User, field};

/// The route.
pub const PATH: &str = "/api/sign-in";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// Whose account.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// A sign-in whose fields passed their checks.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose account.
    pub email: Email,
    /// Its password.
    pub password: Password,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let email = field(Email::try_from(form.email), &mut refused);
        match (email, field(Password::try_from(form.password), &mut refused)) {
            (Some(email), Some(password)) => Ok(Self { email, password }),
            _ => Err(refused),
        }
    }
}

/// The signed-in user; the cookie comes with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Who signed in.
    pub user: User,
}
