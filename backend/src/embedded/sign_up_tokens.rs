//! [`SignUpTokens`]: the secrets of the sign-ups that a client made.
//!
//! `POST auth/signup-email` answers with one, as an addition to Altogic's reply. A client that
//! sends it along in the header `Sign-Up-Token` proves that it chose that sign-up's password.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::errors::Result;
use super::store::sign_ups::{self, SignUpRow};
use super::{Embedded, ids};

/// The header: one token, or several with commas between them.
pub(crate) const HEADER: &str = "sign-up-token";
/// How many of them count.
const MOST: usize = 5;

/// The hashes of the tokens of a call.
pub(crate) struct SignUpTokens(Vec<String>);

impl SignUpTokens {
    /// Whether the caller made this sign-up.
    pub(crate) fn made(&self, sign_up: &SignUpRow) -> bool {
        // Hashes of secrets: how long the comparison takes says nothing about the secret.
        self.0.contains(&sign_up.token_hash)
    }

    /// The newest of the caller's sign-ups of an address.
    pub(crate) async fn sign_up_of(&self, embedded: &Embedded, email: &str) -> Result<Option<SignUpRow>> {
        let mut newest: Option<SignUpRow> = None;
        for token_hash in &self.0 {
            let found = sign_ups::by_token_hash(&mut *embedded.store.read().await?, token_hash).await?;
            let found = found.filter(|found| found.email == email);
            if found.as_ref().map(|found| found.created_at) > newest.as_ref().map(|newest| newest.created_at)
            {
                newest = found;
            }
        }
        Ok(newest)
    }
}

impl FromRequestParts<Embedded> for SignUpTokens {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Embedded) -> std::result::Result<Self, Infallible> {
        let value = parts.headers.get(HEADER).and_then(|value| value.to_str().ok());
        let tokens = value.unwrap_or_default().split(',').map(str::trim);
        let hashes = tokens
            .filter(|token| token.len() == ids::TOKEN_LENGTH)
            .take(MOST)
            .map(ids::digest);
        Ok(Self(hashes.collect()))
    }
}
