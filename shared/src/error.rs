//! Why something was refused: one field ([`Invalid`]), or a whole call ([`ApiError`]).

use serde::{Deserialize, Serialize};

/// A field that was refused, with words a person can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field's name in the form, for example `email`.
    pub field: &'static str,
    /// What is wrong and what to do, one sentence.
    pub message: String,
}

impl Invalid {
    /// A refusal of `field`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }

    /// The same refusal, in a form that calls the field otherwise.
    #[must_use]
    pub fn on(self, field: &'static str) -> Self {
        Self { field, ..self }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Invalid> for ErrorItem {
    fn from(invalid: Invalid) -> Self {
        Self {
            details: Some(Details {
                field: Some(invalid.field.to_owned()),
            }),
            ..Self::client("validation_error", invalid.message)
        }
    }
}

/// One reason a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorItem {
    /// `client_error` or `server_error`.
    pub origin: String,
    /// What programs compare, for example `invalid_credentials`.
    pub code: String,
    /// What people read.
    pub message: String,
    /// What the reason is about, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// What an [`ErrorItem`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The refused field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl ErrorItem {
    /// A reason on the caller's side.
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self {
            origin: "client_error".to_owned(),
            code: code.to_owned(),
            message: message.into(),
            details: None,
        }
    }

    /// A reason on the server's side.
    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self {
            origin: "server_error".to_owned(),
            ..Self::client(code, message)
        }
    }

    /// The refused field, if the reason is about one.
    pub fn field(&self) -> Option<&str> {
        self.details.as_ref()?.field.as_deref()
    }
}

/// A failed call: the HTTP status and at least one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The status in words, for example `Bad Request`.
    #[serde(rename = "statusText")]
    pub status_text: String,
    /// The reasons; at least one.
    pub items: Vec<ErrorItem>,
}

impl ApiError {
    /// Whether one of the reasons has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.items.iter().any(|item| item.code == code)
    }
}

/// The body of every failed call: `{"errors":{status,statusText,items}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The failure.
    pub errors: ApiError,
}
