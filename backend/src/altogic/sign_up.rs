//! `POST auth/signup-email`.

use axum::http::Method;
use serde_json::json;
use shared::sign_up::Request;

use super::{Altogic, AuthGrant, sign_in::grant, wire::Auth};
use crate::{error::Error, extract::Caller};

impl Altogic {
    /// Makes an account; `None` while its address waits to be verified.
    ///
    /// # Errors
    /// `email_not_unique` for a taken address where Altogic tells, `validation_error` for a
    /// refused field; [`Error::Unavailable`].
    pub async fn sign_up(&self, caller: &Caller, request: &Request) -> Result<Option<AuthGrant>, Error> {
        let body = json!({
            "email": request.email.as_str(),
            "password": request.password.expose(),
            "nameOrUserData": request.name.as_str(),
        });
        let auth: Auth = self
            .send(
                self.call_for(caller, Method::POST, "auth/signup-email")
                    .json(&body),
            )
            .await?;
        if auth.session.is_some() {
            grant(auth).map(Some)
        } else {
            Ok(None)
        }
    }
}
