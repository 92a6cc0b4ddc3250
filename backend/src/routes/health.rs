//! `GET /healthz` and `GET /readyz`, for whoever watches the server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::{Router, extract, http::StatusCode, routing::get};

use crate::{
    readiness::{Readiness, State},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

/// The same for an embedded server that stands alone.
pub(crate) fn of_altogic(stopping: Arc<AtomicBool>, readiness: Readiness) -> Router {
    let ready = async move || told(&stopping, &readiness).await;
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
    told(&app.stopping, &app.readiness).await
}

async fn told(stopping: &AtomicBool, readiness: &Readiness) -> (StatusCode, &'static str) {
    if stopping.load(Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        match readiness.state().await {
            State::Ready => (StatusCode::OK, "ready\n"),
            State::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "Altogic cannot be reached\n"),
            State::ReadOnly => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be written\n",
            ),
        }
    }
}
