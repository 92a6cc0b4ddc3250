//! `POST /api/sign-up`: makes an account.

use serde::{Deserialize, Serialize};

use crate::{Email, Invalid, Name, NewPassword, Parse, User, field};

/// The route.
pub const PATH: &str = "/api/sign-up";

/// The form as typed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// What to be called.
    pub name: String,
    /// The address to prove.
    pub email: String,
    /// The password to set.
    pub password: String,
}

/// A sign-up whose fields passed their checks.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to be called.
    pub name: Name,
    /// The address to prove.
    pub email: Email,
    /// The password to set.
    pub password: NewPassword,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let name = field(Name::try_from(form.name), &mut refused);
        let email = field(Email::try_from(form.email), &mut refused);
        let mut password = NewPassword::try_from(form.password);
        if let (Some(name), Some(email)) = (&name, &email) {
            password = password.and_then(|password| password.not_made_of(name, email));
        }
        match (name, email, field(password, &mut refused)) {
            (Some(name), Some(email), Some(password)) => Ok(Self {
                name,
                email,
                password,
            }),
            _ => Err(refused),
        }
    }
}

/// 200 with the new user and the cookie, or 202 and no user: a mail is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// The new user, signed in; `None` while the address waits to be verified.
    pub user: Option<User>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refused_field_is_named_in_order() {
        let refused = Request::parse(Form::default()).unwrap_err();

        assert_eq!(
            refused.iter().map(|invalid| invalid.field).collect::<Vec<_>>(),
            ["name", "email", "password"]
        );
    }
}
