//! `GET`, `POST` and `DELETE /api/change-email`.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use shared::change_email::{self, Request, Response, Waiting};

use crate::{
    error::Error,
    extract::{Caller, Json},
    session_cookie::SessionToken,
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(change_email::PATH, get(waiting).post(ask).delete(cancel))
}

/// The change that waits for its mail.
async fn waiting(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<axum::Json<Waiting>, Error> {
    let new_email = app.altogic.waiting_email(&caller, &session).await?;
    Ok(axum::Json(Waiting { new_email }))
}

/// Asks for another address.
async fn ask(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Response>), Error> {
    app.altogic.change_email(&caller, &session, &request).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Response {})))
}

/// Ends the change that waits.
async fn cancel(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<StatusCode, Error> {
    app.altogic.cancel_email_change(&caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}
