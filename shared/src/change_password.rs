//! `POST /api/change-password`: another password, proved with the present one.

use serde::{Deserialize, Serialize};

use crate::{Invalid, NewPassword, Parse, Password, field};

/// The route.
pub const PATH: &str = "/api/change-password";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// The present password.
    pub current_password: String,
    /// The password to set.
    pub new_password: String,
}

/// A change whose fields passed their checks; answered with 204, and all other sessions have
/// ended.
#[derive(Clone, Debug)]
pub struct Request {
    /// The present password.
    pub current_password: Password,
    /// The password to set.
    pub new_password: NewPassword,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let current =
            Password::try_from(form.current_password).map_err(|invalid| invalid.on("current_password"));
        let new = NewPassword::try_from(form.new_password).map_err(|invalid| invalid.on("new_password"));
        let current = field(current, &mut refused);
        match (current, field(new, &mut refused)) {
            (Some(current_password), Some(new_password)) => Ok(Self {
                current_password,
                new_password,
            }),
            _ => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refused_fields_have_the_names_of_this_form() {
        let refused = Request::parse(Form::default()).unwrap_err();

        assert_eq!(
            refused.iter().map(|invalid| invalid.field).collect::<Vec<_>>(),
            ["current_password", "new_password"]
        );
    }
}
