//! `POST auth/change-email`, and the embedded server's `GET` and `DELETE` of the same path.

use axum::http::Method;
use serde::Deserialize;
use serde_json::json;
use shared::change_email::Request;

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

#[derive(Deserialize)]
pub(super) struct Waiting {
    #[serde(rename = "newEmail")]
    new_email: String,
}

impl Altogic {
    /// Asks for another address; it is mailed where addresses are verified.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong password, `validation_error` for a refused address; as
    /// [`Altogic::profile`].
    pub async fn change_email(
        &self,
        caller: &Caller,
        session: &SessionToken,
        request: &Request,
    ) -> Result<(), Error> {
        let body = json!({
            "currentPassword": request.password.expose(),
            "newEmail": request.new_email.as_str(),
        });
        let call = self
            .call_as(caller, session, Method::POST, "auth/change-email")
            .json(&body);
        self.send_for_nothing(call).await.map_err(|error| {
            error
                .on("newEmail", "new_email")
                .on("email", "new_email")
                .on("currentPassword", "password")
        })
    }

    /// The address that waits to be confirmed; `None` without one, and where Altogic does not
    /// tell, which only the embedded server does.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn waiting_email(
        &self,
        caller: &Caller,
        session: &SessionToken,
    ) -> Result<Option<String>, Error> {
        let call = self.call_as(caller, session, Method::GET, "auth/change-email");
        match self.read::<Option<Waiting>>(call).await {
            Ok(waiting) => Ok(waiting.map(|waiting| waiting.new_email)),
            Err(Error::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends the change that waits; without one, nothing happens.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn cancel_email_change(&self, caller: &Caller, session: &SessionToken) -> Result<(), Error> {
        self.send_for_nothing(self.call_as(caller, session, Method::DELETE, "auth/change-email"))
            .await
    }
}
