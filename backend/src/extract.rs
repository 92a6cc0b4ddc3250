//! Extractors: checked JSON bodies, and who is calling.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use shared::{Email, Parse};

use crate::{client_address::client_address, cookies::Cookies, error::Error, request_id, state::AppState};

/// A JSON body whose fields passed their checks.
///
/// # Errors
/// 415 for another type than `application/json`, 413 above the body limit, 400
/// `invalid_request_body` for another shape, and 400 `validation_error` with one item for each
/// refused field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Parse> FromRequest<AppState> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Error> {
        if !is_media_type(request.headers(), "application/json") {
            return Err(Error::refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as application/json.",
            ));
        }
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => body_too_large("The request is too large."),
                _ => bad_body("The body did not arrive whole. Send it again."),
            })?;
        let form = serde_json::from_slice(&body)
            .map_err(|_| bad_body("The body is not the JSON that this route takes."))?;
        Ok(Self(T::parse(form)?))
    }
}

/// 413 with words.
pub(crate) fn body_too_large(message: &str) -> Error {
    Error::refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}

/// 400 for a body that cannot be read.
pub(crate) fn bad_body(message: &str) -> Error {
    Error::refused(StatusCode::BAD_REQUEST, "invalid_request_body", message)
}

/// Whether the body is of this type.
pub(crate) fn is_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(wanted)
}

/// Who is calling: handed on to Altogic, so that a session is named after the person's browser
/// and not after this server.
#[derive(Clone)]
pub struct Caller {
    /// The browser's `User-Agent`, as sent.
    pub user_agent: Option<HeaderValue>,
    /// The browser's address; `None` if the connection has none.
    pub address: Option<IpAddr>,
    /// What proves that the browser signed in to the account before ([`crate::device_cookie`]).
    pub device_token: Option<String>,
    /// What proves that the browser made a sign-up ([`crate::flow_cookie`]).
    pub sign_up_tokens: Option<String>,
    /// The id of the browser's request, under which Altogic logs what the call does.
    pub request_id: HeaderValue,
}

impl Caller {
    /// With what this browser's cookies prove about the account of an address.
    #[must_use]
    pub(crate) fn known_to(mut self, app: &AppState, cookies: &Cookies, email: &Email) -> Self {
        self.device_token = app.device_cookie.token(cookies, email);
        self.sign_up_tokens = app.flow_cookie.sign_up_tokens(cookies, email.as_str());
        self
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        Ok(Self {
            user_agent: parts.headers.get(header::USER_AGENT).cloned(),
            address: peer.map(|peer| client_address(peer, &parts.headers, &app.trusted_proxies)),
            device_token: None,
            sign_up_tokens: None,
            request_id: request_id::of(&parts.headers, &parts.extensions, &app.trusted_proxies),
        })
    }
}
