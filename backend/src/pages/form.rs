//! The pages' forms, sent by a browser itself: `POST /sign-in` is `POST /api/sign-in` for people.
//!
//! The fields go to the API as JSON, with the headers and cookies of the browser, so that the same
//! checks are made by the same code; what it says comes back as a redirect, or as the page with
//! the message in it and what was typed, but never a password.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, StatusCode},
};
use frontend::render;
use http_body_util::LengthLimitError;
use shared::{auth_redirect, magic_link, profile, reset_password, sign_in, sign_out, sign_up, verify_email};
use url::form_urlencoded;

use crate::{
    error::Error,
    extract::{bad_body, body_too_large, is_media_type},
};

/// The largest form, in bytes.
const MAX_FORM: usize = 16 * 1024;
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// What was typed, by the fields' names.
pub(super) type Fields = Vec<(String, String)>;

/// A form and the call of the API that it stands for.
pub(super) struct Form {
    pub(super) page: &'static str,
    pub(super) method: Method,
    pub(super) api: &'static str,
    /// The fields that travel.
    pub(super) fields: &'static [&'static str],
    /// The fields that are shown again when the form comes back.
    pub(super) kept: &'static [&'static str],
    pub(super) then: Then,
}

/// What follows success.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// In: to where the visitor wanted to go; or, if the API accepted it only, a mail is on its way.
    In,
    /// The page says that it is done.
    Done,
    /// Another page.
    To(&'static str),
}

const FORMS: [Form; 9] = [
    Form {
        page: "/sign-in",
        method: Method::POST,
        api: sign_in::PATH,
        fields: &["email", "password"],
        kept: &["email"],
        then: Then::In,
    },
    Form {
        page: "/sign-up",
        method: Method::POST,
        api: sign_up::PATH,
        fields: &["name", "email", "password"],
        kept: &["name", "email"],
        then: Then::In,
    },
    Form {
        page: "/verify-email",
        method: Method::POST,
        api: verify_email::PATH,
        fields: &["email"],
        kept: &["email"],
        then: Then::In,
    },
    Form {
        page: "/magic-link",
        method: Method::POST,
        api: magic_link::PATH,
        fields: &["email"],
        kept: &["email"],
        then: Then::In,
    },
    Form {
        page: "/auth-redirect",
        method: Method::POST,
        api: auth_redirect::PATH,
        fields: &["access_token"],
        kept: &["access_token", "username"],
        then: Then::In,
    },
    Form {
        page: "/forgot-password",
        method: Method::POST,
        api: reset_password::PATH,
        fields: &["email"],
        kept: &["email"],
        then: Then::In,
    },
    Form {
        page: "/reset-password",
        method: Method::PUT,
        api: reset_password::PATH,
        fields: &["access_token", "password"],
        kept: &["access_token", "username"],
        then: Then::Done,
    },
    Form {
        page: "/profile",
        method: Method::PATCH,
        api: profile::PATH,
        fields: &["name"],
        kept: &["name"],
        then: Then::To(render::PLAIN_PROFILE),
    },
    Form {
        page: "/sign-out",
        method: Method::POST,
        api: sign_out::PATH,
        fields: &[],
        kept: &[],
        then: Then::To("/sign-in"),
    },
];

/// The form that is sent to this path.
pub(super) fn find(path: &str) -> Option<&'static Form> {
    const KNOWN: &[Form] = &FORMS;
    KNOWN.iter().find(|form| form.page == path)
}

/// What was typed into a field.
pub(super) fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let field = fields.iter().find(|(field, _)| field == name);
    field.map(|(_, value)| value.as_str())
}

/// Reads a form.
///
/// # Errors
/// 415 for another type, 413 above [`MAX_FORM`], 400 for one that did not arrive whole.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Fields, Error> {
    if !is_media_type(headers, MEDIA_TYPE) {
        return Err(Error::refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "This form was not sent by its page. Fill it in again.",
        ));
    }
    let body = to_bytes(body, MAX_FORM).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if too_large {
            body_too_large("This is too much text. Shorten it, then try again.")
        } else {
            bad_body("The form did not arrive whole. Send it again.")
        }
    })?;
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}
