//! The REST API's router: joins the features, and turns everything else into JSON refusals.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::cors::cors;
use super::errors::{self, Refusal};
use super::gate::gate;
use super::{
    Embedded, auth_redirect, change_email, change_password, delete_account, grant, magic_link, profile,
    records, reset_password, sessions, sign_in, sign_out, sign_up, storage, switched_off, update_fields,
    verify_email,
};
use crate::drain::drain;
use crate::request_id;

/// Where every path of the REST API begins.
const PREFIX: &str = "/_api/rest/v1";

/// The largest JSON body, in bytes (1 MiB).
const MAX_JSON_BYTES: usize = 1024 * 1024;

/// Every call of the REST API, without its prefix and without what a network makes necessary;
/// anything else is 404.
pub(crate) fn calls(embedded: Embedded) -> Router {
    Router::new()
        .merge(sign_up::router())
        .merge(verify_email::router())
        .merge(sign_in::router())
        .merge(magic_link::router())
        .merge(auth_redirect::router())
        .merge(grant::router())
        .merge(reset_password::router())
        .merge(change_password::router())
        .merge(change_email::router())
        .merge(sessions::router())
        .merge(sign_out::router())
        .merge(profile::router())
        .merge(update_fields::router())
        .merge(delete_account::router())
        .merge(records::router())
        .merge(storage::router())
        .merge(switched_off::router())
        .route_layer(middleware::from_fn_with_state(embedded.clone(), gate))
        .method_not_allowed_fallback(async || errors::method_not_allowed())
        .fallback(not_found)
        .with_state(embedded)
}

/// The REST API as other programs reach it.
pub(crate) fn router(embedded: Embedded) -> Router {
    let trust = embedded.clone();
    let all = Router::new()
        .nest(PREFIX, calls(embedded.clone()))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES));
    answered(all)
        // One layer: axum boxes each by itself, for each request.
        .layer(
            ServiceBuilder::new()
                .map_request(move |request| request_id::vet(request, &trust.settings.trusted_proxies))
                .layer(SetRequestIdLayer::x_request_id(request_id::NewId))
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(TraceLayer::new_for_http().make_span_with(span))
                .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .layer(header(header::CACHE_CONTROL, "no-store"))
                .layer(middleware::from_fn(drain))
                .layer(middleware::from_fn_with_state(embedded, cors)),
        )
}

/// Lets even a handler that panics answer in the documented form.
pub(super) fn answered<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(CatchPanicLayer::custom(panicked))
}

/// Without the query, which may hold addresses and keys.
fn span(request: &Request) -> Span {
    tracing::info_span!(
        "altogic",
        method = %request.method(),
        path = request.uri().path(),
        request_id = request_id::in_span(request),
    )
}

fn header(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn not_found(method: Method, OriginalUri(uri): OriginalUri) -> Refusal {
    errors::resource_not_found(&method, &uri)
}

/// The panic's text may hold what a request said, so it goes nowhere.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler of the embedded server panicked");
    errors::internal_server_error().into_response()
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_in_the_documented_form() {
        let routes = Router::new().route("/", get(async || -> () { panic!("a secret of the request") }));
        let request = Request::new(axum::body::Body::empty());

        let reply = answered(routes).oneshot(request).await.unwrap();

        assert_eq!(reply.status(), 500);
        assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/json");
        let body = axum::body::to_bytes(reply.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errors"][0]["code"], "internal_server_error");
        assert!(!body.to_string().contains("secret"), "{body}");
    }
}
