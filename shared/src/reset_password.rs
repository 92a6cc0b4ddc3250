//! `POST /api/reset-password` asks for the mail, `PUT` sets the new password.

use serde::{Deserialize, Serialize};

pub use crate::magic_link::{Form, Request, Response};
use crate::{AccessToken, Invalid, NewPassword, Parse, field};

/// The route.
pub const PATH: &str = "/api/reset-password";

/// The second form as typed, with the secret of the link that led to it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct NewForm {
    /// The link's one-time secret.
    pub access_token: String,
    /// The password to set.
    pub password: String,
}

/// A reset whose fields passed their checks; answered with 204, and all sessions have ended.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The link's one-time secret.
    pub access_token: AccessToken,
    /// The password to set.
    pub password: NewPassword,
}

impl Parse for NewRequest {
    type Form = NewForm;

    fn parse(form: NewForm) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let access_token = field(AccessToken::try_from(form.access_token), &mut refused);
        match (
            access_token,
            field(NewPassword::try_from(form.password), &mut refused),
        ) {
            (Some(access_token), Some(password)) => Ok(Self {
                access_token,
                password,
            }),
            _ => Err(refused),
        }
    }
}
