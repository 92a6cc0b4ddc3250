//! Why a request failed, and its reply: always JSON of the contract's shape.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::{ApiError, ErrorBody, ErrorItem, Invalid};

use crate::session_cookie::SessionEnded;

/// Why a request failed.
#[derive(Debug)]
pub enum Error {
    /// We or Altogic refused it; this is the reply as it is.
    Refused(ApiError),
    /// Too many requests: how long to wait, and what to tell people.
    RateLimited(Duration, String),
    /// The server has too much to do; how long to wait.
    Busy(Duration),
    /// Altogic failed, is away, or is too slow: 502, 503 or 504. The cause is logged, and
    /// nothing of the visitor's is lost.
    Unavailable(StatusCode, anyhow::Error),
    /// Our own fault: the cause is logged, the reply is general.
    Internal(anyhow::Error),
}

/// What a visitor waits before trying Altogic again.
const ALTOGIC_RETRY: Duration = Duration::from_secs(5);

impl Error {
    /// A refusal with one reason.
    pub fn refused(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::Refused(api_error(status, vec![ErrorItem::client(code, message)]))
    }

    /// The same failure, where Altogic's name of a refused field is not the form's.
    #[must_use]
    pub fn on(mut self, altogics: &str, ours: &str) -> Self {
        if let Self::Refused(refusal) = &mut self {
            let details = refusal.items.iter_mut().filter_map(|item| item.details.as_mut());
            for field in details
                .filter_map(|details| details.field.as_mut())
                .filter(|field| *field == altogics)
            {
                ours.clone_into(field);
            }
        }
        self
    }

    /// 429 in general words.
    pub fn rate_limited(wait: Duration) -> Self {
        Self::RateLimited(wait, "Too many tries. Wait a moment, then try again.".to_owned())
    }

    /// 401 for a request without a session.
    pub fn signed_out() -> Self {
        Self::refused(
            StatusCode::UNAUTHORIZED,
            "missing_session_token",
            "Sign in first.",
        )
    }

    /// 404 for a path or a thing that is not there.
    pub fn not_found(message: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not_found", message)
    }
}

impl From<Vec<Invalid>> for Error {
    fn from(refused: Vec<Invalid>) -> Self {
        Self::Refused(api_error(
            StatusCode::BAD_REQUEST,
            refused.into_iter().map(ErrorItem::from).collect(),
        ))
    }
}

impl From<Invalid> for Error {
    fn from(refused: Invalid) -> Self {
        vec![refused].into()
    }
}

fn api_error(status: StatusCode, items: Vec<ErrorItem>) -> ApiError {
    let status_text = status.canonical_reason().unwrap_or_default().to_owned();
    ApiError {
        status: status.as_u16(),
        status_text,
        items,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => {
                let ended =
                    refusal.has_code("invalid_session_token") || refusal.has_code("missing_session_token");
                let mut reply = reply(refusal);
                if ended {
                    reply.extensions_mut().insert(SessionEnded);
                }
                reply
            }
            Self::RateLimited(wait, message) => retry_after(
                wait,
                ErrorItem::client("rate_limit_exceeded", message),
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::Busy(wait) => retry_after(
                wait,
                ErrorItem::server(
                    "server_busy",
                    "The server has too much to do right now. Try again in a moment.",
                ),
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::Unavailable(status, cause) => {
                tracing::error!(
                    status = status.as_u16(),
                    cause = format!("{cause:#}"),
                    "Altogic is unavailable"
                );
                retry_after(
                    ALTOGIC_RETRY,
                    ErrorItem::server(
                        "altogic_unavailable",
                        "The account service cannot be reached right now. Try again in a moment.",
                    ),
                    status,
                )
            }
            Self::Internal(cause) => {
                tracing::error!(cause = format!("{cause:#}"), "request failed");
                let item =
                    ErrorItem::server("internal_error", "Something went wrong on our side. Try again.");
                reply(api_error(StatusCode::INTERNAL_SERVER_ERROR, vec![item]))
            }
        }
    }
}

fn retry_after(wait: Duration, item: ErrorItem, status: StatusCode) -> Response {
    let mut reply = reply(api_error(status, vec![item]));
    // Rounded up: a client that waits exactly this long must not come too early.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    reply
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    reply
}

fn reply(errors: ApiError) -> Response {
    let status = StatusCode::from_u16(errors.status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, Json(ErrorBody { errors })).into_response()
}
