//! What Altogic has and this server does not, answered as where it is switched off: phone
//! accounts, providers, and data models other than the users'.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::Embedded;
use super::auth_redirect::{see, with_result};
use super::errors::{self, Refusal};
use super::extract::Caller;

const PHONE: [&str; 8] = [
    "/auth/signup-phone",
    "/auth/signin-phone",
    "/auth/signin-code",
    "/auth/resend-code",
    "/auth/send-code",
    "/auth/send-reset-code",
    "/auth/reset-pwd-code",
    "/auth/verify-phone",
];

const DATA: [&str; 9] = [
    "/db/object/create",
    "/db/object/set",
    "/db/object/append",
    "/db/create",
    "/db/set",
    "/db/append",
    "/db/compute",
    "/db/search-text",
    "/db/fuzzy-search",
];

pub(crate) fn router() -> Router<Embedded> {
    let router = Router::new()
        .route("/auth/change-phone", post(change_phone))
        .route("/db/stats", get(data));
    let router = PHONE
        .iter()
        .fold(router, |router, path| router.route(path, post(phone)));
    DATA.iter()
        .fold(router, |router, path| router.route(path, post(data)))
}

pub(crate) fn public_router() -> Router<Embedded> {
    Router::new()
        .route("/_auth/{provider}", get(provider))
        .route("/_auth/{provider}/callback", get(provider))
}

async fn phone() -> Refusal {
    errors::not_allowed()
}

async fn change_phone(_caller: Caller) -> Refusal {
    errors::not_allowed()
}

async fn data(_caller: Caller) -> Refusal {
    errors::unauthorized()
}

/// Providers answer in the redirect (PROTOCOL 4.1), because a person waits for a page.
async fn provider(State(embedded): State<Embedded>) -> Response {
    let pairs = [
        ("status", "401"),
        ("action", "oauth-signin"),
        ("error", "This way to sign in is not set up here"),
    ];
    see(
        axum::http::StatusCode::FOUND,
        with_result(&embedded.settings.redirect_url, &pairs),
    )
}
