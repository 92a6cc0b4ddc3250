//! `POST` and `PUT /api/reset-password`.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use shared::reset_password::{self, NewRequest, Request, Response};

use crate::{
    common_password,
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(reset_password::PATH, post(ask).put(reset))
}

/// Mails a link that allows a new password, and remembers this browser as the one that asked.
async fn ask(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Response>), Error> {
    let caller = caller.known_to(&app, &cookies, &request.email);
    app.altogic.send_reset(&caller, &request.email).await?;
    app.flow_cookie.note_mail(&cookies, &request.email);
    Ok((StatusCode::ACCEPTED, axum::Json(Response {})))
}

/// Sets the new password. All sessions end, this browser's too: it signs in with the new one.
async fn reset(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(mut request): Json<NewRequest>,
) -> Result<StatusCode, Error> {
    request.password = request.password.at_least(app.password_min_length)?;
    request.password = common_password::refuse(request.password)?;
    app.altogic.reset_password(&caller, &request).await?;
    app.session_cookie.clear(&cookies);
    app.flow_cookie.clear(&cookies);
    Ok(StatusCode::NO_CONTENT)
}
