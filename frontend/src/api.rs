//! One function for each stem of the contract: parse what was typed, call, decode the answer.

use gloo_net::http::{Method, RequestBuilder, Response as Answer};
use leptos::wasm_bindgen::JsCast;
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    ApiError, ErrorBody, ErrorItem, Parse, SessionId, auth_redirect, avatar, change_email, change_password,
    delete_account, magic_link, profile, reset_password, sessions, sign_in, sign_out, sign_up, verify_email,
};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use crate::{Error, browser, json};

pub use crate::upload::{Upload, avatar_upload};

/// How long a call may take, in milliseconds: more than the backend's own limit, which has the
/// better words.
const TIMEOUT_MS: u32 = 20_000;

/// Makes an account.
///
/// # Errors
/// A refused field, a taken address, or no answer.
pub async fn sign_up(form: sign_up::Form) -> Result<sign_up::Response, Error> {
    submit::<sign_up::Request, _>(Method::POST, sign_up::PATH, form).await
}

/// Mails the verification link again.
///
/// # Errors
/// A refused address, too many tries, or no answer.
pub async fn verify_email(form: verify_email::Form) -> Result<verify_email::Response, Error> {
    submit::<verify_email::Request, _>(Method::POST, verify_email::PATH, form).await
}

/// Signs in with address and password.
///
/// # Errors
/// A refused field, wrong credentials, an address not verified, or no answer.
pub async fn sign_in(form: sign_in::Form) -> Result<sign_in::Response, Error> {
    submit::<sign_in::Request, _>(Method::POST, sign_in::PATH, form).await
}

/// Mails a magic link.
///
/// # Errors
/// A refused address, too many tries, or no answer.
pub async fn magic_link(form: magic_link::Form) -> Result<magic_link::Response, Error> {
    submit::<magic_link::Request, _>(Method::POST, magic_link::PATH, form).await
}

/// Mails a link that allows a new password.
///
/// # Errors
/// A refused address, too many tries, or no answer.
pub async fn send_reset(form: reset_password::Form) -> Result<reset_password::Response, Error> {
    submit::<reset_password::Request, _>(Method::POST, reset_password::PATH, form).await
}

/// Sets a new password with the access token of a mail link; all sessions end.
///
/// # Errors
/// A dead link, a refused password, or no answer.
pub async fn reset_password(form: reset_password::NewForm) -> Result<(), Error> {
    submit_for_nothing::<reset_password::NewRequest>(Method::PUT, reset_password::PATH, form).await
}

/// Redeems the access token of a mail link.
///
/// # Errors
/// A dead or broken link, or no answer.
pub async fn auth_redirect(form: auth_redirect::Form) -> Result<auth_redirect::Response, Error> {
    submit::<auth_redirect::Request, _>(Method::POST, auth_redirect::PATH, form).await
}

/// Ends this browser's session.
///
/// # Errors
/// No answer, or the account service could not be told.
pub async fn sign_out() -> Result<(), Error> {
    exchange(Method::POST, sign_out::PATH, None).await.map(drop)
}

/// Asks who is signed in.
///
/// # Errors
/// Nobody is, or no answer.
pub async fn profile() -> Result<profile::Response, Error> {
    let answer = match browser::take_first_profile() {
        Some(asked) => {
            let answer = JsFuture::from(asked).await.map_err(|_| Error::Network)?;
            read(Answer::from(answer.unchecked_into::<web_sys::Response>())).await?
        }
        None => exchange(Method::GET, profile::PATH, None).await?,
    };
    decode(&answer)
}

/// Changes the user's name.
///
/// # Errors
/// A refused name, signed out, or no answer.
pub async fn rename(form: profile::Form) -> Result<profile::Response, Error> {
    submit::<profile::Request, _>(Method::PATCH, profile::PATH, form).await
}

/// Changes the password; all other sessions end.
///
/// # Errors
/// A wrong or refused password, signed out, or no answer.
pub async fn change_password(form: change_password::Form) -> Result<(), Error> {
    submit_for_nothing::<change_password::Request>(Method::POST, change_password::PATH, form).await
}

/// Asks for another address.
///
/// # Errors
/// A wrong password, a refused address, signed out, or no answer.
pub async fn change_email(form: change_email::Form) -> Result<change_email::Response, Error> {
    submit::<change_email::Request, _>(Method::POST, change_email::PATH, form).await
}

/// Asks which change of address waits for its mail.
///
/// # Errors
/// Signed out, or no answer.
pub async fn waiting_email() -> Result<change_email::Waiting, Error> {
    decode(&exchange(Method::GET, change_email::PATH, None).await?)
}

/// Ends the change of address that waits for its mail.
///
/// # Errors
/// Signed out, or no answer.
pub async fn cancel_email_change() -> Result<(), Error> {
    exchange(Method::DELETE, change_email::PATH, None).await.map(drop)
}

/// Deletes the account.
///
/// # Errors
/// A wrong password, signed out, or no answer.
pub async fn delete_account(form: delete_account::Form) -> Result<(), Error> {
    submit_for_nothing::<delete_account::Request>(Method::DELETE, delete_account::PATH, form).await
}

/// Removes the user's picture.
///
/// # Errors
/// Signed out, or no answer.
pub async fn avatar_remove() -> Result<avatar::Response, Error> {
    decode(&exchange(Method::DELETE, avatar::PATH, None).await?)
}

/// Lists the user's signed-in browsers.
///
/// # Errors
/// Signed out, or no answer.
pub async fn sessions() -> Result<sessions::Response, Error> {
    decode(&exchange(Method::GET, sessions::PATH, None).await?)
}

/// Ends one session.
///
/// # Errors
/// There is no such session, signed out, or no answer.
pub async fn end_session(id: &SessionId) -> Result<(), Error> {
    exchange(Method::DELETE, &sessions::item_path(id), None)
        .await
        .map(drop)
}

/// Ends all sessions but this browser's.
///
/// # Errors
/// Signed out, or no answer.
pub async fn end_other_sessions() -> Result<(), Error> {
    exchange(Method::DELETE, sessions::PATH, None).await.map(drop)
}

/// Sends a form and decodes the answer.
async fn submit<Request, Response>(method: Method, path: &str, form: Request::Form) -> Result<Response, Error>
where
    Request: Parse<Form: Serialize + Clone>,
    Response: DeserializeOwned,
{
    decode(&exchange(method, path, Some(checked::<Request>(form)?)).await?)
}

/// Sends a form whose answer is that it is done.
async fn submit_for_nothing<Request>(method: Method, path: &str, form: Request::Form) -> Result<(), Error>
where
    Request: Parse<Form: Serialize + Clone>,
{
    exchange(method, path, Some(checked::<Request>(form)?))
        .await
        .map(drop)
}

/// The form as JSON, after the checks that the backend will make.
fn checked<Request: Parse<Form: Serialize + Clone>>(form: Request::Form) -> Result<String, Error> {
    Request::parse(form.clone()).map_err(Error::Fields)?;
    json::encode(&form).ok_or(Error::Network)
}

/// One call; the body of its answer if that is a success.
async fn exchange(method: Method, path: &str, body: Option<String>) -> Result<String, Error> {
    let request = RequestBuilder::new(path)
        .method(method)
        .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
    let request = match body {
        Some(json) => request.header("content-type", "application/json").body(json),
        None => request.build(),
    };
    let unanswered = |_| Error::Network;
    read(request.map_err(unanswered)?.send().await.map_err(unanswered)?).await
}

async fn read(answer: Answer) -> Result<String, Error> {
    let headers = answer.headers();
    let retry_after = headers.get("retry-after");
    if let Some(date) = headers.get("date") {
        browser::note_server_time(&date);
    }
    let text = answer.text().await.map_err(|_| Error::Network)?;
    if answer.ok() {
        Ok(text)
    } else {
        Err(refusal(
            answer.status(),
            retry_after.as_deref(),
            json::decode(&text),
        ))
    }
}

pub(crate) fn decode<Response: DeserializeOwned>(body: &str) -> Result<Response, Error> {
    json::decode(body).ok_or(Error::Network)
}

/// What an answer other than 2xx means. A body that is not of the contract's form comes from
/// something between us and the backend, and counts as a failure of the server's side.
pub(crate) fn refusal(status: u16, retry_after: Option<&str>, body: Option<ErrorBody>) -> Error {
    let error = match body {
        Some(body) if !body.errors.items.is_empty() => body.errors,
        _ => ApiError {
            status: if status == 429 { status } else { status.max(500) },
            status_text: String::new(),
            items: vec![ErrorItem::server("internal_error", "")],
        },
    };
    Error::Api {
        error,
        retry_after_seconds: retry_after.and_then(|seconds| seconds.trim().parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_reasons_and_its_wait() {
        let body = r#"{"errors":{"status":429,"statusText":"Too Many Requests","items":[
            {"origin":"client_error","code":"rate_limit_exceeded","message":"Slow down."}]}}"#;

        let error = refusal(429, Some("40"), serde_json::from_str(body).ok());

        assert!(error.has_code("rate_limit_exceeded"));
        assert_eq!(error.message(), "Too many tries. Try again in 40 seconds.");
    }

    #[test]
    fn an_answer_that_is_not_json_is_a_failure_to_try_again() {
        for (status, body) in [
            (502, "<html>Bad Gateway</html>"),
            (404, ""),
            (403, "{\"errors\":{}}"),
            (
                500,
                "{\"errors\":{\"status\":500,\"statusText\":\"\",\"items\":[]}}",
            ),
        ] {
            assert!(
                refusal(status, None, serde_json::from_str(body).ok()).is_passing(),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_limit_without_json_is_still_a_limit() {
        let error = refusal(429, None, None);

        assert!(!error.is_passing());
        assert_eq!(
            error.message(),
            "Too many tries. Wait a few minutes, then try again."
        );
    }
}
