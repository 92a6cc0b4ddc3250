//! `POST auth/signout`.

use reqwest::Method;
use serde_json::json;

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// Ends the session; one that is over already is no failure.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn sign_out(&self, caller: &Caller, session: &SessionToken) -> Result<(), Error> {
        let call = self
            .call_as(caller, session, Method::POST, "auth/signout")
            .json(&json!({}));
        match self.send_for_nothing(call).await {
            Err(Error::Refused(_)) => Ok(()),
            outcome => outcome,
        }
    }
}
