//! `GET` and `POST auth/grant`, and the embedded server's `GET auth/access-token`.

use axum::http::Method;
use serde::Deserialize;
use serde_json::json;
use shared::{AccessToken, NewPassword, Password};

use super::{Altogic, AuthGrant, call::Call, sign_in::grant};
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

/// Which account an access token opens.
#[derive(Debug, Deserialize)]
pub struct Opened {
    /// The account's address.
    pub email: String,
    /// Altogic's name of what the token is for, for example `magic-link`.
    action: String,
    /// `password` where redeeming takes a [`Proof`].
    needs: Option<String>,
}

impl Opened {
    /// Whether the token opens a session; one for a new password does not.
    pub fn signs_in(&self) -> bool {
        self.action != "reset-pwd"
    }

    /// Whether the address is proved for the first time, by somebody who may not have chosen the
    /// password.
    pub fn needs_password(&self) -> bool {
        self.needs.as_deref() == Some("password")
    }
}

/// The password with which an account begins.
#[derive(Debug, Default)]
pub struct Proof {
    /// The one that was chosen at the sign-up.
    pub password: Option<Password>,
    /// One to set in its place.
    pub new_password: Option<NewPassword>,
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

    /// As [`Altogic::redeem`], with a password; only for the embedded server. `session` is what the
    /// browser has now.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong password, `validation_error` for a refused new one: the token
    /// then stays alive. As [`Altogic::redeem`].
    pub async fn redeem_with(
        &self,
        caller: &Caller,
        session: Option<&SessionToken>,
        access_token: &AccessToken,
        proof: &Proof,
    ) -> Result<AuthGrant, Error> {
        let mut body = json!({ "key": access_token.expose() });
        if let Some(password) = &proof.password {
            body["password"] = password.expose().into();
        }
        if let Some(new_password) = &proof.new_password {
            body["newPassword"] = new_password.expose().into();
        }
        let call = self
            .call_in(caller, session, Method::POST, "auth/grant")
            .json(&body);
        let auth = self.send(call).await;
        grant(auth.map_err(|error| error.on("newPassword", "new_password"))?)
    }

    /// Which account an access token opens, without using it up; `None` where Altogic does not
    /// tell, which only the embedded server does.
    ///
    /// # Errors
    /// `invalid_access_token` when it is used, expired or unknown; [`Error::Unavailable`].
    pub async fn opened_by(
        &self,
        caller: &Caller,
        session: Option<&SessionToken>,
        access_token: &AccessToken,
    ) -> Result<Option<Opened>, Error> {
        let call = self
            .call_in(caller, session, Method::GET, "auth/access-token")
            .query(&[("key", access_token.expose())]);
        match self.read(call).await {
            Ok(opened) => Ok(Some(opened)),
            Err(Error::Refused(refusal)) if !refusal.has_code("invalid_access_token") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A call on behalf of a browser that may be signed in.
    fn call_in(&self, caller: &Caller, session: Option<&SessionToken>, method: Method, path: &str) -> Call {
        let call = self.call_for(caller, method, path);
        match session {
            Some(session) => call.with_session(session),
            None => call,
        }
    }
}
