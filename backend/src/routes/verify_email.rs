//! `POST /api/verify-email`.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use shared::verify_email::{self, Request, Response};

use crate::{
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(verify_email::PATH, post(verify_email))
}

/// Mails the verification link again, and remembers this browser as the one that asked.
async fn verify_email(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<(StatusCode, axum::Json<Response>), Error> {
    let caller = caller.known_to(&app, &cookies, &request.email);
    app.altogic.resend_verification(&caller, &request.email).await?;
    app.flow_cookie.note_mail(&cookies, &request.email);
    Ok((StatusCode::ACCEPTED, axum::Json(Response {})))
}
