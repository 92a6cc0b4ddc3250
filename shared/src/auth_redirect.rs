//! `POST /api/auth-redirect`: redeems the access token of a mail link.

use serde::{Deserialize, Serialize};

use crate::{AccessToken, Invalid, Parse, User};

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
}

/// A redemption whose token has the shape of one.
#[derive(Clone, Debug)]
pub struct Request {
    /// The link's one-time secret.
    pub access_token: AccessToken,
    /// Whether the person clicked to continue.
    pub confirmed: bool,
}

impl Parse for Request {
    type Form = Form;

    fn parse(form: Form) -> Result<Self, Vec<Invalid>> {
        let access_token = AccessToken::try_from(form.access_token).map_err(|invalid| vec![invalid])?;
        Ok(Self {
            access_token,
            confirmed: form.confirmed,
        })
    }
}

/// 200 with the user and the cookie; or 202 with no user: nothing is redeemed yet, and the page
/// asks for a click.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Who signed in; `None` while a click is awaited.
    pub user: Option<User>,
    /// With a click awaited: whose account the link opens, if Altogic tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}
