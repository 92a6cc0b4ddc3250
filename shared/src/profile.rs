//! `GET` and `PATCH /api/profile`: the signed-in user, and their name.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Name, Parse, User};

/// The route.
pub const PATH: &str = "/api/profile";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// The new name.
    pub name: String,
}

/// A change whose name passed its check.
#[derive(Clone, Debug)]
pub struct Request {
    /// The new name.
    pub name: Name,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        Ok(Self {
            name: Name::try_from(form.name).map_err(|invalid| vec![invalid])?,
        })
    }
}

/// The user as they are now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Whose session it is.
    pub user: User,
}
