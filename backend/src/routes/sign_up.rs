//! `POST /api/sign-up`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use shared::sign_up::{self, Request};

use crate::{
    common_password,
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(sign_up::PATH, post(sign_up))
}

/// Makes the account; signs in at once where addresses are not verified, else a mail is on its
/// way and this browser is remembered as the one that asked.
async fn sign_up(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(mut request): Json<Request>,
) -> Result<Response, Error> {
    request.password = request.password.at_least(app.password_min_length)?;
    request.password = common_password::refuse(request.password)?;
    let Some(grant) = app.altogic.sign_up(&caller, &request).await? else {
        app.flow_cookie.set(&cookies, &request.email);
        return Ok((StatusCode::ACCEPTED, axum::Json(sign_up::Response { user: None })).into_response());
    };
    let former = app.session_cookie.get(&cookies);
    app.session_cookie.set(&cookies, &grant.token);
    app.altogic
        .end_former_session(&caller, former, &grant.token)
        .await;
    Ok(axum::Json(sign_up::Response {
        user: Some(grant.user),
    })
    .into_response())
}
