//! `POST /api/sign-out`.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use shared::sign_out;

use crate::{cookies::Cookies, error::Error, extract::Caller, state::AppState};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(sign_out::PATH, post(sign_out))
}

/// Signs this browser out whatever happens, and ends the session at Altogic; a failure there is
/// told, because then the session still exists (SECURITY-BAR T-10).
async fn sign_out(State(app): State<AppState>, caller: Caller, cookies: Cookies) -> Response {
    let session = app.session_cookie.get(&cookies);
    app.session_cookie.clear(&cookies);
    let outcome: Result<(), Error> = match session {
        Some(session) => app.altogic.sign_out(&caller, &session).await,
        None => Ok(()),
    };
    let clear = [(
        HeaderName::from_static("clear-site-data"),
        "\"cache\", \"storage\"",
    )];
    (clear, outcome.map(|()| StatusCode::NO_CONTENT)).into_response()
}
