//! `GET /healthz` and `GET /readyz`, for whoever watches the server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

/// The same for an embedded server that stands alone: it is ready until it is stopping.
pub(crate) fn of_altogic(stopping: Arc<AtomicBool>) -> Router {
    let ready = async move || {
        if stopping.load(Relaxed) {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

/// The process answers.
async fn alive() -> &'static str {
    "ok\n"
}

/// Accounts can be used: 503 while Altogic or the database is away, or the program is stopping.
async fn ready(State(app): State<AppState>) -> (StatusCode, &'static str) {
    if app.stopping.load(Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if app.altogic.is_reachable().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "Altogic cannot be reached\n")
    }
}
