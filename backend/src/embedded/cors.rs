//! Calls from pages of other origins (PROTOCOL 1.3): those of `allowed_origins` may, with
//! credentials; every other origin is refused.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Embedded, errors};

const ALLOWED_HEADERS: &str = "content-type, x-client, x-client-key, session, authorization";
const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE, OPTIONS";
/// How long a browser may remember the answer, in seconds.
const MAX_AGE: &str = "600";

/// Answers preflights, and adds to other answers what lets the calling page read them.
pub(crate) async fn cors(State(embedded): State<Embedded>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &origin {
        Some(origin) if !is_allowed(&embedded, origin) => errors::domain_not_authorized().into_response(),
        Some(_) if is_preflight => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|origin| is_allowed(&embedded, origin)) {
        allow(headers, origin);
    }
    response
}

fn is_allowed(embedded: &Embedded, origin: &HeaderValue) -> bool {
    let known = |allowed: &String| allowed.trim_end_matches('/').as_bytes() == origin.as_bytes();
    embedded.settings.allowed_origins.iter().any(known)
}

fn preflight() -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The origin itself, because `*` does not go with credentials.
fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after"),
    );
}
