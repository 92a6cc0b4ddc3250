//! `GET` and `DELETE /api/sessions`, `DELETE /api/sessions/{id}`.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use shared::{
    SessionId,
    sessions::{self, Response},
};

use crate::{error::Error, extract::Caller, session_cookie::SessionToken, state::AppState};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(sessions::PATH, get(sessions).delete(end_others))
        .route(sessions::ITEM_PATH, delete(end))
}

/// The signed-in browsers of the user.
async fn sessions(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<axum::Json<Response>, Error> {
    let sessions = app.altogic.sessions(&caller, &session).await?;
    Ok(axum::Json(Response { sessions }))
}

/// Ends one session of the user.
async fn end(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let id = SessionId::try_from(id).map_err(|refused| Error::not_found(&refused.message))?;
    app.altogic.end_session(&caller, &session, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of the user but the asking browser's.
async fn end_others(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<StatusCode, Error> {
    app.altogic.end_other_sessions(&caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}
