//! `POST /api/magic-link`: mails a link that signs in, if the address has an account.

use serde::{Deserialize, Serialize};

use crate::{Email, Invalid, Parse};

/// The route.
pub const PATH: &str = "/api/magic-link";

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
