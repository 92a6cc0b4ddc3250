//! `GET auth/grant`, and the embedded server's `GET auth/access-token`.

use axum::http::Method;
use serde::Deserialize;
use shared::AccessToken;

use super::{Altogic, AuthGrant, sign_in::grant};
use crate::{error::Error, extract::Caller};

/// Which account an access token opens.
#[derive(Debug, Deserialize)]
pub struct Opened {
    /// The account's address.
    pub email: String,
    /// Altogic's name of what the token is for, for example `magic-link`.
    action: String,
}

impl Opened {
    /// Whether the token opens a session; one for a new password does not.
    pub fn signs_in(&self) -> bool {
        self.action != "reset-pwd"
    }
}

impl Altogic {
    /// Opens a session with the access token of a mail link, which is then used up.
    ///
    /// # Errors
    /// `invalid_access_token` when it is used, expired or unknown; [`Error::Unavailable`].
    pub async fn redeem(&self, caller: &Caller, access_token: &AccessToken) -> Result<AuthGrant, Error> {
        let call = self
            .call_for(caller, Method::GET, "auth/grant")
            .query(&[("key", access_token.expose())]);
        grant(self.send(call).await?)
    }

    /// Which account an access token opens, without using it up; `None` where Altogic does not
    /// tell, which only the embedded server does.
    ///
    /// # Errors
    /// `invalid_access_token` when it is used, expired or unknown; [`Error::Unavailable`].
    pub async fn opened_by(
        &self,
        caller: &Caller,
        access_token: &AccessToken,
    ) -> Result<Option<Opened>, Error> {
        let call = self
            .call_for(caller, Method::GET, "auth/access-token")
            .query(&[("key", access_token.expose())]);
        match self.read(call).await {
            Ok(opened) => Ok(Some(opened)),
            Err(Error::Refused(refusal)) if !refusal.has_code("invalid_access_token") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
