//! `POST /api/sign-up`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use shared::sign_up::{self, Request};

use super::sign_in_browser::sign_in_browser;
use crate::{
    altogic::SignUp,
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
    let caller = caller.known_to(&app, &cookies, &request.email);
    match app.altogic.sign_up(&caller, &request).await? {
        SignUp::Waiting(token) => {
            app.flow_cookie
                .note_sign_up(&cookies, &request.email, token.as_deref());
            Ok((StatusCode::ACCEPTED, axum::Json(sign_up::Response { user: None })).into_response())
        }
        SignUp::In(grant) => {
            let user = Some(sign_in_browser(&app, &caller, &cookies, grant).await);
            Ok(axum::Json(sign_up::Response { user }).into_response())
        }
    }
}
