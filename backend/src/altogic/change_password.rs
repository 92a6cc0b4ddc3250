//! `POST auth/change-pwd`.

use axum::http::Method;
use serde_json::json;
use shared::change_password::Request;

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// Changes the password and ends the user's other sessions.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong present password, `validation_error` for a refused new
    /// one; as [`Altogic::profile`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &SessionToken,
        request: &Request,
    ) -> Result<(), Error> {
        let body = json!({
            "newPassword": request.new_password.expose(),
            "oldPassword": request.current_password.expose(),
        });
        let call = self
            .call_as(caller, session, Method::POST, "auth/change-pwd")
            .json(&body);
        self.send_for_nothing(call).await.map_err(|error| {
            error
                .on("newPassword", "new_password")
                .on("oldPassword", "current_password")
        })?;
        // Another Altogic may leave them alive.
        self.end_other_sessions(caller, session).await
    }
}
