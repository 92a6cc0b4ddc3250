//! [`Refusal`]: why a call failed, and its reply in Altogic's form (PROTOCOL section 1.6).

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::errors;

/// A refused call: a status and the items of its JSON body.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    items: Vec<Item>,
    retry_after_seconds: Option<u64>,
    cause: Option<anyhow::Error>,
}

/// What a handler of the embedded server gives.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

#[derive(Debug, Serialize)]
struct Item {
    origin: &'static str,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

impl Refusal {
    /// A refusal that the caller can do something about.
    pub(super) fn client(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::new(status, "client_error", code, message.into())
    }

    /// A failure of this server.
    pub(super) fn server(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self::new(status, "server_error", code, message.to_owned())
    }

    /// One refusal with the items of all.
    pub(super) fn all(status: StatusCode, refusals: impl Iterator<Item = Self>) -> Self {
        Self {
            status,
            items: refusals.flat_map(|refusal| refusal.items).collect(),
            retry_after_seconds: None,
            cause: None,
        }
    }

    fn new(status: StatusCode, origin: &'static str, code: &'static str, message: String) -> Self {
        let item = Item {
            origin,
            code,
            message,
            details: None,
        };
        Self {
            status,
            items: vec![item],
            retry_after_seconds: None,
            cause: None,
        }
    }

    /// What the log may say of it.
    pub(super) fn log_text(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{cause:#}"),
            None => self.items.iter().map(|item| item.code).collect(),
        }
    }

    /// Adds an object to each item.
    pub(super) fn with_details(mut self, details: Value) -> Self {
        for item in &mut self.items {
            item.details = Some(details.clone());
        }
        self
    }

    /// Tells when the next try may succeed.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(
                status = self.status.as_u16(),
                error = format!("{cause:#}"),
                "embedded server failed"
            );
        }
        let body = Json(json!({ "errors": self.items }));
        let mut response = (self.status, body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary codes BUSY, LOCKED, READONLY, IOERR and FULL, and a commit that failed:
        // the request was sound, and works again once the disk does.
        let passing = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
            sqlx::Error::Database(database) => database
                .code()
                .and_then(|code| code.parse::<u32>().ok())
                .is_some_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13)),
            _ => false,
        };
        let mut refusal = if passing {
            errors::server_busy()
        } else {
            errors::internal_server_error()
        };
        refusal.cause = Some(error.into());
        refusal
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self {
            cause: Some(error),
            ..errors::internal_server_error()
        }
    }
}
