//! `POST /api/auth-redirect`: redeems the access token of a mail link.

use serde::{Deserialize, Serialize};

use crate::{AccessToken, Invalid, NewPassword, Parse, Password, User, field};

/// The route.
pub const PATH: &str = "/api/auth-redirect";

/// What the link's page sends.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Form {
    /// The link's one-time secret.
    pub access_token: String,
    /// Whether the person clicked to continue. Without it, only the browser that asked for the
    /// mail is signed in.
    #[serde(default)]
    pub confirmed: bool,
    /// The password of the sign-up that the link finishes, where it is [needed](Needs::Password).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// In its place: a password to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_password: Option<String>,
}

/// A redemption whose token has the shape of one.
#[derive(Clone, Debug)]
pub struct Request {
    /// The link's one-time secret.
    pub access_token: AccessToken,
    /// Whether the person clicked to continue.
    pub confirmed: bool,
    /// The password of the sign-up that the link finishes.
    pub password: Option<Password>,
    /// A password to set in its place.
    pub new_password: Option<NewPassword>,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let access_token = field(AccessToken::try_from(form.access_token), &mut refused);
        let password = form.password.map(Password::try_from).transpose();
        let password = field(password, &mut refused);
        let new_password = form.new_password.map(NewPassword::try_from).transpose();
        let new_password = new_password.map_err(|invalid| invalid.on("new_password"));
        match (access_token, password, field(new_password, &mut refused)) {
            (Some(access_token), Some(password), Some(new_password)) => Ok(Self {
                access_token,
                confirmed: form.confirmed,
                password,
                new_password,
            }),
            _ => Err(refused),
        }
    }
}

/// What stands between a link and its account, beside a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// The password that was chosen at the sign-up in another browser, or a new one.
    Password,
}

/// 200 with the user and the cookie; or 202 with no user: nothing is redeemed yet, and the page
/// asks for a click, or for what is needed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Who signed in; `None` while a click is awaited.
    pub user: Option<User>,
    /// With a click awaited: whose account the link opens, if Altogic tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What else is needed. The same request with it redeems the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_checked_only_where_one_is_sent() {
        let form = Form {
            access_token: "a".to_owned(),
            ..Form::default()
        };
        let refused = |form: Form| {
            let refused = Request::parse(form).map(|_| ()).unwrap_err();
            refused.iter().map(|invalid| invalid.field).collect::<Vec<_>>()
        };

        assert!(Request::parse(form.clone()).is_ok());
        assert_eq!(
            refused(Form {
                password: Some(String::new()),
                ..form.clone()
            }),
            ["password"]
        );
        assert_eq!(
            refused(Form {
                new_password: Some("short".to_owned()),
                ..form
            }),
            ["new_password"]
        );
    }
}
