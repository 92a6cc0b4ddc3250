//! `GET /healthz` and `GET /readyz`, for whoever watches the server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::{Router, extract, http::StatusCode, routing::get};

use crate::{readiness::State, state::AppState};

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

/// Accounts can be used: 503 while Altogic is away, the database cannot be written, or the program is
/// stopping.
async fn ready(extract::State(app): extract::State<AppState>) -> (StatusCode, &'static str) {
    if app.stopping.load(Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        match app.readiness.state().await {
            State::Ready => (StatusCode::OK, "ready\n"),
            State::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "Altogic cannot be reached\n"),
            State::ReadOnly => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be written\n",
            ),
        }
    }
}
