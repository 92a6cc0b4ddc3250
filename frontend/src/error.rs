//! [`Error`]: why a call failed, in words a person can act on.

use shared::{ApiError, Details, Invalid};

use crate::words;

/// What is said where the browser keeps no cookies.
pub const NO_COOKIES: &str = "This browser does not keep cookies for this site, so you cannot be signed in. \
     Allow them in its settings, then sign in again.";

/// Why a call failed.
#[derive(Clone, Debug)]
pub enum Error {
    /// Refused before it was sent; at least one field.
    Fields(Vec<Invalid>),
    /// Refused by the server.
    Api {
        /// What the server said.
        error: ApiError,
        /// `Retry-After`, in seconds, where the server named one.
        retry_after_seconds: Option<u32>,
    },
    /// No answer, or none that could be read.
    Network,
    /// The browser cannot run what came.
    Browser,
    /// The browser keeps no cookies for our site.
    NoCookies,
}

impl Error {
    /// Whether the server gave this reason.
    pub fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Api { error, .. } if error.has_code(code))
    }

    /// Whether the session is over: who asked is signed out.
    pub fn is_signed_out(&self) -> bool {
        self.has_code("missing_session_token") || self.has_code("invalid_session_token")
    }

    /// Whether the same call may succeed a moment later: nobody answered, or the server failed.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Network => true,
            Self::Api { error, .. } => error.status >= 500,
            Self::Fields(_) | Self::Browser | Self::NoCookies => false,
        }
    }

    /// Whether a mail link opens nothing any more, or never did.
    pub fn is_dead_link(&self) -> bool {
        self.has_code("invalid_access_token") || self.fields(&["access_token"]).len() == 1
    }

    /// The same failure; a wrong password is a refusal of `field`.
    #[must_use]
    pub fn wrong_password_on(self, field: &'static str) -> Self {
        if self.has_code("invalid_credentials") {
            Self::Fields(vec![Invalid::new(field, "This is not your password.")])
        } else {
            self
        }
    }

    /// The same failure, in a form that calls the field `from` otherwise.
    #[must_use]
    pub fn on(mut self, from: &str, to: &'static str) -> Self {
        match &mut self {
            Self::Fields(refused) => {
                for invalid in refused.iter_mut().filter(|invalid| invalid.field == from) {
                    invalid.field = to;
                }
            }
            Self::Api { error, .. } => {
                for item in error.items.iter_mut().filter(|item| item.field() == Some(from)) {
                    item.details = Some(Details {
                        field: Some(to.to_owned()),
                    });
                }
            }
            Self::Network | Self::Browser | Self::NoCookies => {}
        }
        self
    }

    /// The refused fields among `names`, in that order, each with its message.
    pub fn fields(&self, names: &[&'static str]) -> Vec<(&'static str, String)> {
        let message = |name: &str| match self {
            Self::Fields(refused) => refused
                .iter()
                .find(|invalid| invalid.field == name)
                .map(|invalid| invalid.message.clone()),
            Self::Api { error, .. } => error
                .items
                .iter()
                .find(|item| item.field() == Some(name))
                .map(|item| item.message.clone()),
            Self::Network | Self::Browser | Self::NoCookies => None,
        };
        names
            .iter()
            .filter_map(|name| Some((*name, message(name)?)))
            .collect()
    }

    /// One or two sentences for the screen.
    pub fn message(&self) -> String {
        match self {
            Self::Fields(refused) => refused
                .first()
                .map(|invalid| invalid.message.clone())
                .unwrap_or_default(),
            Self::Network => "Cannot reach Latchkey. Check your connection, then try again.".to_owned(),
            Self::Browser => "This browser cannot run this page. Updating it helps.".to_owned(),
            Self::NoCookies => NO_COOKIES.to_owned(),
            Self::Api { .. } if self.is_signed_out() => {
                "You are signed out. Try again, and enter your password when you are asked.".to_owned()
            }
            Self::Api {
                error,
                retry_after_seconds,
            } if error.status == 429 => match retry_after_seconds {
                Some(seconds) => format!("Too many tries. Try again in {}.", words::wait(*seconds)),
                None => "Too many tries. Wait a few minutes, then try again.".to_owned(),
            },
            Self::Api { error, .. } if error.has_code("altogic_unavailable") => {
                "Cannot reach the account service at the moment. Nothing is lost: try again.".to_owned()
            }
            Self::Api { error, .. } if error.status >= 500 => {
                "Something went wrong on our side. Nothing is lost: try again.".to_owned()
            }
            Self::Api { error, .. } => error
                .items
                .first()
                .map(|item| item.message.clone())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::ErrorItem;

    use super::*;

    fn api(status: u16, items: Vec<ErrorItem>) -> Error {
        Error::Api {
            error: ApiError {
                status,
                status_text: String::new(),
                items,
            },
            retry_after_seconds: None,
        }
    }

    #[test]
    fn refused_fields_come_in_the_order_of_the_form() {
        let error = api(
            400,
            vec![
                Invalid::new("password", "Too common.").into(),
                Invalid::new("email", "Taken.").into(),
                Invalid::new("elsewhere", "Not in this form.").into(),
            ],
        );

        assert_eq!(
            error.fields(&["name", "email", "password"]),
            [
                ("email", "Taken.".to_owned()),
                ("password", "Too common.".to_owned())
            ]
        );
    }

    #[test]
    fn a_wrong_password_belongs_to_its_field() {
        let error = api(401, vec![ErrorItem::client("invalid_credentials", "No.")]);

        assert_eq!(
            error
                .wrong_password_on("current_password")
                .fields(&["current_password"]),
            [("current_password", "This is not your password.".to_owned())]
        );
    }

    #[test]
    fn a_field_can_have_another_name_on_the_page() {
        let short = || Invalid::new("password", "Too short.");
        for error in [Error::Fields(vec![short()]), api(400, vec![short().into()])] {
            assert_eq!(
                error.on("password", "leave_password").fields(&["leave_password"]),
                [("leave_password", "Too short.".to_owned())]
            );
        }
    }

    #[test]
    fn only_failures_that_pass_offer_another_try() {
        assert!(Error::Network.is_passing());
        assert!(api(502, vec![ErrorItem::server("altogic_unavailable", "")]).is_passing());
        assert!(!api(401, vec![ErrorItem::client("invalid_credentials", "")]).is_passing());
        assert!(!Error::Fields(vec![Invalid::new("email", "")]).is_passing());
    }

    #[test]
    fn a_limit_says_when_to_come_back() {
        let error = Error::Api {
            error: ApiError {
                status: 429,
                status_text: String::new(),
                items: vec![ErrorItem::client("rate_limit_exceeded", "")],
            },
            retry_after_seconds: Some(90),
        };

        assert_eq!(error.message(), "Too many tries. Try again in 2 minutes.");
    }
}
