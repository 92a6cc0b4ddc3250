//! `POST /api/sign-in`.

use axum::{Router, extract::State, routing::post};
use shared::sign_in::{self, Request};

use super::sign_in_browser::sign_in_browser;
use crate::{
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(sign_in::PATH, post(sign_in))
}

/// Checks the password with Altogic, then sets the cookie; a session that the browser had before
/// ends.
async fn sign_in(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<axum::Json<sign_in::Response>, Error> {
    let caller = caller.known_to(&app, &cookies, &request.email);
    let grant = app.altogic.sign_in(&caller, &request).await?;
    let user = sign_in_browser(&app, &caller, &cookies, grant).await;
    Ok(axum::Json(sign_in::Response { user }))
}
