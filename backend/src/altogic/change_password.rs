//! `POST auth/change-pwd`.

use axum::http::Method;
use serde::Deserialize;
use serde_json::json;
use shared::{Email, Password, change_password::Request, sign_in};

use super::{Altogic, wire};
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

/// The embedded server's reply.
#[derive(Deserialize)]
struct Renewed {
    session: wire::Session,
}

impl Altogic {
    /// Changes the password and ends the user's other sessions. Gives the token under which the
    /// session goes on, so that one that leaked before is worth nothing (SECURITY-BAR T-08); `None`
    /// where another Altogic left it as it is.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong present password, `validation_error` for a refused new
    /// one; as [`Altogic::profile`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &SessionToken,
        request: &Request,
    ) -> Result<Option<SessionToken>, Error> {
        let body = json!({
            "renewSession": true,
            "newPassword": request.new_password.expose(),
            "oldPassword": request.current_password.expose(),
        });
        let call = self
            .call_as(caller, session, Method::POST, "auth/change-pwd")
            .json(&body);
        let renewed: Option<Renewed> = self.send_for_any(call).await.map_err(|error| {
            error
                .on("newPassword", "new_password")
                .on("oldPassword", "current_password")
        })?;
        if let Some(renewed) = renewed {
            return Ok(SessionToken::new(renewed.session.token));
        }
        // Another Altogic leaves all of them as they are.
        let renewed = self.sign_in_again(caller, session, request).await;
        self.end_other_sessions(caller, renewed.as_ref().unwrap_or(session))
            .await?;
        Ok(renewed)
    }

    /// Another session in place of this one, with the new password; `None` where that fails.
    async fn sign_in_again(
        &self,
        caller: &Caller,
        session: &SessionToken,
        request: &Request,
    ) -> Option<SessionToken> {
        let user = self.profile(caller, session).await.ok()?;
        let again = sign_in::Request {
            email: Email::try_from(user.email).ok()?,
            password: Password::try_from(request.new_password.expose().to_owned()).ok()?,
        };
        Some(self.sign_in(caller, &again).await.ok()?.token)
    }
}
