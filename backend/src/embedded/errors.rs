//! Every refusal of the embedded server: one constructor for each Altogic code
//! (PROTOCOL sections 1.7 and 3.2).

use axum::http::{Method, StatusCode, Uri};
use serde_json::json;

pub(crate) use super::refusal::{Refusal, Result};

/// One refused field: its name on the wire and what is wrong with it.
pub(crate) struct InvalidField {
    /// The field's name in the request.
    pub(crate) param: &'static str,
    /// One sentence for people; never repeats the value.
    pub(crate) message: String,
}

/// 400 `validation_error`: one item for each refused field.
pub(crate) fn validation_error(fields: Vec<InvalidField>) -> Refusal {
    let items = fields.into_iter().map(|field| {
        let details = json!({ "param": field.param });
        Refusal::client(StatusCode::BAD_REQUEST, "validation_error", field.message).with_details(details)
    });
    Refusal::all(StatusCode::BAD_REQUEST, items)
}

/// 401 `missing_client_key`: no `X-Client-Key`.
pub(crate) fn missing_client_key() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "missing_client_key",
        "The client key is missing: send it in the header X-Client-Key.",
    )
}

/// 401 `invalid_client_key`: unknown or revoked `X-Client-Key`.
pub(crate) fn invalid_client_key() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "invalid_client_key",
        "The client key is not known here, or was revoked.",
    )
}

/// 401 `domain_not_authorized`: a page of an origin that may not call.
pub(crate) fn domain_not_authorized() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "domain_not_authorized",
        "Pages of this origin may not call here: add it to the allowed origins.",
    )
}

/// 429 `rate_limit_exceeded`, with the seconds until the next try counts.
pub(crate) fn rate_limit_exceeded(seconds: u64) -> Refusal {
    Refusal::client(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "Too many tries. Wait a moment, then try again.",
    )
    .retry_after(seconds)
}

/// 429 `rate_limit_exceeded` for one more mail of a kind to an address.
pub(crate) fn enough_mails(seconds: u64) -> Refusal {
    Refusal::client(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limit_exceeded",
        "No further mail is sent to this address for now. Links in mails that were sent already work \
         until they expire.",
    )
    .retry_after(seconds)
}

/// 401 `missing_session_token`: a session is needed.
pub(crate) fn missing_session_token() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "missing_session_token",
        "This call needs a session: sign in first.",
    )
}

/// 401 `invalid_session_token`: ended, expired or unknown session.
pub(crate) fn invalid_session_token() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "invalid_session_token",
        "This session has ended. Sign in again.",
    )
}

/// 403 `invalid_token`: the session named in the body of a sign-out is not the caller's.
///
/// Altogic says `invalid_session_token` here, which makes its clients sign the caller out.
pub(crate) fn invalid_token() -> Refusal {
    Refusal::client(
        StatusCode::FORBIDDEN,
        "invalid_token",
        "This is not one of your sessions.",
    )
}

/// 401 `invalid_credentials`: one wording for an unknown address and a wrong password.
pub(crate) fn invalid_credentials() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "Invalid credentials. Email or password provided is invalid.",
    )
}

/// 401 `not_allowed`: a way to sign in that is switched off.
pub(crate) fn not_allowed() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "not_allowed",
        "This way to sign in is switched off here.",
    )
}

/// 401 `email_not_verified`: the address waits for its link.
pub(crate) fn email_not_verified() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "email_not_verified",
        "Verify your email address first: open the link in the mail we sent you.",
    )
}

/// 401 `email_already_verified`: there is nothing left to verify. Only with `compat_errors`.
pub(crate) fn email_already_verified() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "email_already_verified",
        "This email address is verified already.",
    )
}

/// 401 `email_verification_disabled`: addresses are not verified here. Only with `compat_errors`.
pub(crate) fn email_verification_disabled() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "email_verification_disabled",
        "Email addresses are not verified by this application.",
    )
}

/// 400 `email_not_unique`: the address has an account.
pub(crate) fn email_not_unique() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "email_not_unique",
        "There is an account with this email address already.",
    )
    .with_details(json!({ "param": "email" }))
}

/// 400 `missing_access_token`: `key` is empty.
pub(crate) fn missing_access_token() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "missing_access_token",
        "The access token is missing: send it as key.",
    )
}

/// What a dead link is told, here and in its redirect (PROTOCOL 4.1).
pub(crate) const INVALID_ACCESS_TOKEN: &str = "Invalid or expired access token";

/// 403 `invalid_access_token`: unknown, expired, used, or overtaken by a newer one.
pub(crate) fn invalid_access_token() -> Refusal {
    Refusal::client(
        StatusCode::FORBIDDEN,
        "invalid_access_token",
        INVALID_ACCESS_TOKEN,
    )
}

/// 401 `invalid_token_type`: alive, but for another purpose.
pub(crate) fn invalid_token_type() -> Refusal {
    Refusal::client(
        StatusCode::UNAUTHORIZED,
        "invalid_token_type",
        "This access token is for another purpose.",
    )
}

/// 403 `unauthorized`: the row, field or file is not the caller's to use this way.
pub(crate) fn unauthorized() -> Refusal {
    Refusal::client(
        StatusCode::FORBIDDEN,
        "unauthorized",
        "Only what is your own can be used this way; of your record, name, picture and custom fields.",
    )
}

/// 400 `invalid_expression`: a filter that cannot be read.
pub(crate) fn invalid_expression() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "invalid_expression",
        "The expression cannot be read: see the documentation for what is supported.",
    )
}

/// 400 `invalid_update_instruction`: an update that does not fit the field's present value.
pub(crate) fn invalid_update_instruction(field: &str) -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "invalid_update_instruction",
        "The update cannot be applied to the present value of this field.",
    )
    .with_details(json!({ "field": field }))
}

/// 400 `bucket_not_found`: wording of Altogic's public client documentation (PROTOCOL 5.3).
pub(crate) fn bucket_not_found(name: &str) -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "bucket_not_found",
        format!("Cannot identify the bucket '{name}'"),
    )
}

/// 400 `bucket_not_unique`: there is a bucket of this name.
pub(crate) fn bucket_not_unique() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "bucket_not_unique",
        "There is a bucket of this name already.",
    )
    .with_details(json!({ "param": "name" }))
}

/// 400 `file_not_found`: no such file.
pub(crate) fn file_not_found() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "file_not_found",
        "There is no such file.",
    )
}

/// 400 `file_upload_error`: the upload has no readable part `file`, or broke off.
pub(crate) fn file_upload_error() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "file_upload_error",
        "The upload could not be read: send multipart/form-data with a part called file.",
    )
}

/// 403 `not_public`: the file is private.
pub(crate) fn not_public() -> Refusal {
    Refusal::client(StatusCode::FORBIDDEN, "not_public", "This file is not public.")
}

/// 416 `range_not_satisfiable`: the asked bytes are beyond the file's end.
pub(crate) fn range_not_satisfiable() -> Refusal {
    Refusal::client(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "The asked range is beyond the end of the file.",
    )
}

/// 415 `unsupported_media_type`: a body that is not `application/json`.
pub(crate) fn unsupported_media_type() -> Refusal {
    Refusal::client(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send JSON, with Content-Type: application/json.",
    )
}

/// 400 `invalid_request_body_syntax`: not a JSON object.
pub(crate) fn invalid_request_body_syntax() -> Refusal {
    Refusal::client(
        StatusCode::BAD_REQUEST,
        "invalid_request_body_syntax",
        "The request body is not a JSON object.",
    )
}

/// 413 `request_body_size_too_large`.
pub(crate) fn request_body_size_too_large() -> Refusal {
    Refusal::client(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request_body_size_too_large",
        "The request body is too large.",
    )
}

/// 413 `quota_exceeded`: the user's files would take more than `limit` bytes. Altogic has no code for
/// it that is known.
pub(crate) fn quota_exceeded(limit: u64) -> Refusal {
    Refusal::client(
        StatusCode::PAYLOAD_TOO_LARGE,
        "quota_exceeded",
        format!(
            "Your files may take {} MB in all. Delete some, then try again.",
            limit / 1024 / 1024
        ),
    )
}

/// 408 `request_timeout`: the body did not arrive in time.
pub(crate) fn request_timeout() -> Refusal {
    Refusal::client(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "The request arrived too slowly. Send it again.",
    )
}

/// 404 `resource_not_found`: unknown path.
pub(crate) fn resource_not_found(method: &Method, uri: &Uri) -> Refusal {
    Refusal::client(
        StatusCode::NOT_FOUND,
        "resource_not_found",
        "There is nothing at this address.",
    )
    .with_details(json!({ "method": method.as_str(), "path": uri.path() }))
}

/// 405 `method_not_allowed`: known path, wrong method.
pub(crate) fn method_not_allowed() -> Refusal {
    Refusal::client(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take this method.",
    )
}

/// 503 `server_busy`: too much work waits, or the disk does not answer.
pub(crate) fn server_busy() -> Refusal {
    Refusal::server(
        StatusCode::SERVICE_UNAVAILABLE,
        "server_busy",
        "The server is busy. Try again in a moment.",
    )
    .retry_after(2)
}

/// 500 `internal_server_error`: a fault of ours; the cause is in the log only.
pub(crate) fn internal_server_error() -> Refusal {
    Refusal::server(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_server_error",
        "Something went wrong on our side.",
    )
}
