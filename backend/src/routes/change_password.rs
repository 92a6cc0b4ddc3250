//! `POST /api/change-password`.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use shared::change_password::{self, Request};

use crate::{
    common_password,
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    session_cookie::SessionToken,
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(change_password::PATH, post(change_password))
}

/// Changes the password and ends the other sessions; this one goes on under a new token.
async fn change_password(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    session: SessionToken,
    Json(mut request): Json<Request>,
) -> Result<StatusCode, Error> {
    let checked = request
        .new_password
        .at_least(app.password_min_length)
        .and_then(common_password::refuse);
    request.new_password = checked.map_err(|invalid| invalid.on("new_password"))?;
    let renewed = app.altogic.change_password(&caller, &session, &request).await?;
    if let Some(token) = renewed {
        app.session_cookie.set(&cookies, &token);
    }
    Ok(StatusCode::NO_CONTENT)
}
