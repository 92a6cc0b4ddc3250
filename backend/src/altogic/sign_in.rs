//! `POST auth/signin-email`.

use axum::http::{Method, StatusCode};
use serde_json::json;
use shared::sign_in::Request;

use super::{Altogic, AuthGrant, wire::Auth};
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// Opens a session with address and password.
    ///
    /// # Errors
    /// `invalid_credentials`, `email_not_verified`; [`Error::Unavailable`].
    pub async fn sign_in(&self, caller: &Caller, request: &Request) -> Result<AuthGrant, Error> {
        let body = json!({ "email": request.email.as_str(), "password": request.password.expose() });
        grant(
            self.send(
                self.call_for(caller, Method::POST, "auth/signin-email")
                    .json(&body),
            )
            .await?,
        )
    }
}

/// A reply that must hold a session whose token fits into a cookie.
pub(super) fn grant(auth: Auth) -> Result<AuthGrant, Error> {
    let token = auth.session.and_then(|session| SessionToken::new(session.token));
    let token = token.ok_or_else(|| {
        Error::Unavailable(
            StatusCode::BAD_GATEWAY,
            anyhow::anyhow!("the reply holds no session that fits into a cookie"),
        )
    })?;
    Ok(AuthGrant {
        user: auth.user.into(),
        token,
    })
}
