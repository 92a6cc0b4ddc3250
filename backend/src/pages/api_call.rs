//! One call of our own API on behalf of a page's visitor.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{ApiError, ErrorBody, ErrorItem};
use tower::ServiceExt as _;

use super::Pages;

/// The largest answer of the API, in bytes: a profile, or an error.
const MAX_REPLY: usize = 64 * 1024;

/// What is asked.
pub(super) struct ApiCall {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) body: Option<Value>,
}

/// What the API said.
pub(super) struct ApiReply {
    pub(super) status: StatusCode,
    /// `Retry-After`, in seconds.
    pub(super) retry_after_seconds: Option<u32>,
    cookies: Vec<HeaderValue>,
    body: Bytes,
}

impl Pages {
    /// Asks the API as the browser would that sent the request of these parts.
    pub(super) async fn call(&self, parts: &Parts, call: ApiCall) -> ApiReply {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = call.method;
        *request.uri_mut() = call.path.parse().expect("the contract's paths are paths");
        *request.headers_mut() = passed_on(&parts.headers);
        request.extensions_mut().clone_from(&parts.extensions);
        if let Some(body) = call.body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
            *request.body_mut() = Body::from(body.to_string());
        }
        let reply = self.api.clone().oneshot(request).await;
        ApiReply::of(reply.unwrap_or_else(|never| match never {})).await
    }
}

/// The headers that are about the visitor, not about the body.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for of_body in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::IF_NONE_MATCH,
    ] {
        headers.remove(of_body);
    }
    headers
}

impl ApiReply {
    /// Reads a reply of the API.
    pub(super) async fn of(reply: Response) -> Self {
        let (parts, body) = reply.into_parts();
        let retry_after = parts.headers.get(header::RETRY_AFTER);
        Self {
            status: parts.status,
            retry_after_seconds: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
            cookies: parts
                .headers
                .get_all(header::SET_COOKIE)
                .iter()
                .cloned()
                .collect(),
            body: to_bytes(body, MAX_REPLY).await.unwrap_or_default(),
        }
    }

    /// The answer.
    ///
    /// # Errors
    /// What the API refused.
    pub(super) fn decoded<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.status.is_success() {
            serde_json::from_slice(&self.body).map_err(|_| self.error())
        } else {
            Err(self.error())
        }
    }

    /// Why the API refused.
    pub(super) fn error(&self) -> ApiError {
        serde_json::from_slice::<ErrorBody>(&self.body).map_or_else(
            |_| ApiError {
                status: 500,
                status_text: "Internal Server Error".to_owned(),
                items: vec![ErrorItem::server(
                    "internal_error",
                    "Something went wrong on our side. Try again.",
                )],
            },
            |body| body.errors,
        )
    }

    /// The page with the cookies that the API set.
    pub(super) fn with_cookies(&self, mut page: Response) -> Response {
        for cookie in &self.cookies {
            page.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        page
    }
}
