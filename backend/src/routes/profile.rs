//! `GET` and `PATCH /api/profile`.

use axum::{Router, extract::State, routing::get};
use shared::profile::{self, Request, Response};

use crate::{
    error::Error,
    extract::{Caller, Json},
    session_cookie::SessionToken,
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(profile::PATH, get(profile).patch(rename))
}

/// The signed-in user.
async fn profile(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<axum::Json<Response>, Error> {
    let user = app.altogic.profile(&caller, &session).await?;
    Ok(axum::Json(Response { user }))
}

/// Changes the signed-in user's name.
async fn rename(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
    Json(request): Json<Request>,
) -> Result<axum::Json<Response>, Error> {
    let user = app.altogic.rename(&caller, &session, &request.name).await?;
    Ok(axum::Json(Response { user }))
}
