//! Our own API under `/api`, then the pages.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                          ^^^^^ you are here
//! ```
//!
//! A handler takes checked input, makes one call of Altogic, and writes the cookie if needed.
//! Layers are added here and nowhere else.

mod auth_redirect;
mod avatar;
mod change_email;
mod change_password;
mod delete_account;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzzed;
pub(crate) mod health;
mod magic_link;
mod profile;
mod reset_password;
mod sessions;
mod sign_in;
mod sign_in_browser;
mod sign_out;
mod sign_up;
mod verify_email;
mod well_known;

use std::any::Any;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_cookies::CookieManagerLayer;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

use crate::{
    cookies::Cookies, error::Error, headers::SecurityHeaders, pages, rate_limit, request_id, state::AppState,
};

/// The largest JSON body, in bytes.
const MAX_JSON: usize = 16 * 1024;

/// Everything the app's port serves; `public` holds what browsers must reach of the embedded
/// server.
pub fn router(app: AppState, public: Router) -> Router {
    let SecurityHeaders {
        site,
        api: api_headers,
    } = app.security_headers.clone();
    // Pages have nothing to log.
    let trust = app.clone();
    let trace = ServiceBuilder::new()
        .map_request(move |request| request_id::vet(request, &trust.trusted_proxies))
        .layer(SetRequestIdLayer::x_request_id(request_id::NewId))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()));
    let counted = Router::new()
        .merge(sign_up::router())
        .merge(verify_email::router())
        .merge(sign_in::router())
        .merge(magic_link::router())
        .merge(auth_redirect::router())
        .merge(reset_password::router())
        .merge(change_password::router())
        .merge(change_email::router())
        .merge(delete_account::router())
        .route_layer(from_fn_with_state(app.clone(), rate_limit::limit));
    let api = Router::new()
        .merge(counted)
        .merge(sign_out::router())
        .merge(profile::router())
        .merge(avatar::router())
        .merge(sessions::router())
        .route("/api", axum::routing::any(no_such_route))
        .route("/api/", axum::routing::any(no_such_route))
        .route("/api/{*path}", axum::routing::any(no_such_route))
        .method_not_allowed_fallback(method_not_allowed)
        // One layer here and below: axum boxes each by itself, for each request.
        .layer(
            ServiceBuilder::new()
                .layer(trace.clone())
                .map_response(move |reply| api_headers.add(in_json(reply)))
                .layer(DefaultBodyLimit::max(MAX_JSON))
                .layer(CookieManagerLayer::new())
                .layer(from_fn_with_state(app.clone(), visit)),
        )
        .with_state(app.clone());
    Router::new()
        .merge(health::router())
        .merge(well_known::router())
        .with_state(app.clone())
        .merge(api.clone())
        .fallback_service(pages::service(api))
        .merge(public.layer(trace))
        .layer(
            ServiceBuilder::new()
                .map_response(move |reply| site.add(reply))
                .layer(CatchPanicLayer::custom(panicked)),
        )
}

/// What every call passes: one that another site sent is refused, and the cookies of a session that
/// turns out to be over are cleared.
async fn visit(
    State(app): State<AppState>,
    cookies: Cookies,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    app.own_origin.refuse_others(&request)?;
    let reply = next.run(request).await;
    app.session_cookie.clear_when_ended(&cookies, &reply);
    Ok(reply)
}

/// A request's span. The query is left out: it can hold an access token.
fn span(request: &Request) -> tracing::Span {
    tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        request_id = request_id::in_span(request),
    )
}

/// Gives the framework's own refusals, of a path or a query that cannot be read, the contract's form.
fn in_json(reply: Response) -> Response {
    let status = reply.status();
    if !status.is_client_error() && !status.is_server_error() {
        return reply;
    }
    let content_type = reply.headers().get(header::CONTENT_TYPE);
    if content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
        return reply;
    }
    let mut in_json = Error::refused(
        status,
        "invalid_request",
        "The request cannot be read. Check its address and its headers.",
    )
    .into_response();
    // What belongs to the status, such as `Allow`.
    for (name, value) in reply.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            in_json.headers_mut().insert(name.clone(), value.clone());
        }
    }
    in_json
}

async fn no_such_route() -> Error {
    Error::not_found("There is no such route.")
}

async fn method_not_allowed() -> Error {
    Error::refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This route does not take this method.",
    )
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Error::Internal(anyhow::anyhow!("a handler panicked")).into_response()
}
