//! `DELETE /api/profile`: leave. The account, its files and its sessions are gone at once.

use serde::{Deserialize, Serialize};

pub use crate::profile::PATH;
use crate::{Invalid, Parse, Password};

/// The form as typed. That the address was typed too is the page's affair.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// The account's password.
    pub password: String,
}

/// A farewell whose password has the shape of one; answered with 204.
#[derive(Clone, Debug)]
pub struct Request {
    /// The account's password.
    pub password: Password,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        Ok(Self {
            password: Password::try_from(form.password).map_err(|invalid| vec![invalid])?,
        })
    }
}
