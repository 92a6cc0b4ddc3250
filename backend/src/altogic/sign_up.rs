//! `POST auth/signup-email`.

use axum::http::Method;
use serde_json::json;
use shared::sign_up::Request;

use super::{Altogic, AuthGrant, sign_in::grant, wire::Auth};
use crate::{error::Error, extract::Caller};

/// How a sign-up ended.
#[derive(Debug)]
pub enum SignUp {
    /// Signed in.
    In(AuthGrant),
    /// The address waits to be verified. The embedded server gives a secret, by which this browser
    /// proves later that it made the sign-up.
    Waiting(Option<String>),
}

impl Altogic {
    /// Makes an account, or keeps a sign-up until its address is verified.
    ///
    /// # Errors
    /// `email_not_unique` for a taken address where Altogic tells, `validation_error` for a
    /// refused field; [`Error::Unavailable`].
    pub async fn sign_up(&self, caller: &Caller, request: &Request) -> Result<SignUp, Error> {
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
            grant(auth).map(SignUp::In)
        } else {
            Ok(SignUp::Waiting(auth.sign_up_token))
        }
    }
}
