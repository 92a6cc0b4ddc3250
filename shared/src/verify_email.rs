//! `POST /api/verify-email`: mails the verification link again, if the address waits for it.

use serde::{Deserialize, Serialize};

use crate::{Email, Invalid, Parse};

/// The route.
pub const PATH: &str = "/api/verify-email";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// Where to mail.
    pub email: String,
}

/// A request whose address passed its check.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to mail.
    pub email: Email,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        Ok(Self {
            email: Email::try_from(form.email).map_err(|invalid| vec![invalid])?,
        })
    }
}

/// 202, the same for every address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {}
