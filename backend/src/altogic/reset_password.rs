//! `POST auth/send-reset` and `POST auth/reset-pwd`.

use axum::http::Method;
use serde_json::json;
use shared::{Email, reset_password::NewRequest};

use super::Altogic;
use crate::{error::Error, extract::Caller};

impl Altogic {
    /// Mails a link that allows a new password, where that is due.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::RateLimited`]; never whether the address has an account.
    pub async fn send_reset(&self, caller: &Caller, email: &Email) -> Result<(), Error> {
        self.ask_for_mail(caller, "auth/send-reset", email).await
    }

    /// Sets the password with the access token of a mail link, which is then used up.
    ///
    /// # Errors
    /// `invalid_access_token` when it is used, expired or unknown, `validation_error` for a refused
    /// password; [`Error::Unavailable`].
    pub async fn reset_password(&self, caller: &Caller, request: &NewRequest) -> Result<(), Error> {
        let call = self
            .call_for(caller, Method::POST, "auth/reset-pwd")
            .query(&[("key", request.access_token.expose())])
            .json(&json!({ "newPassword": request.password.expose() }));
        self.send_for_nothing(call)
            .await
            .map_err(|error| error.on("newPassword", "password"))
    }
}
