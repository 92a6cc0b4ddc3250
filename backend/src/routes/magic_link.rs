//! `POST /api/magic-link`.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use shared::magic_link::{self, Request, Response};

use crate::{
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(magic_link::PATH, post(magic_link))
}

/// Mails a link that signs in, and remembers this browser as the one that asked.
async fn magic_link(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Response>), Error> {
    let caller = caller.known_to(&app, &cookies, &request.email);
    app.altogic.send_magic_link(&caller, &request.email).await?;
    app.flow_cookie.note_mail(&cookies, &request.email);
    Ok((StatusCode::ACCEPTED, axum::Json(Response {})))
}
