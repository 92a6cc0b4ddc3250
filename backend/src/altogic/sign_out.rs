//! `POST auth/signout`.

use axum::http::Method;
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

    /// Ends the session that a browser had before it got another one, so that it does not stay in
    /// the list of devices. A failure leaves it there, which is no reason to refuse the new one.
    pub async fn end_former_session(
        &self,
        caller: &Caller,
        former: Option<SessionToken>,
        new: &SessionToken,
    ) {
        let Some(former) = former.filter(|former| former != new) else {
            return;
        };
        if let Err(error) = self.sign_out(caller, &former).await {
            tracing::warn!(?error, "a browser's former session lives on");
        }
    }
}
