//! `POST /api/auth-redirect`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use shared::auth_redirect::{self, Request};

use crate::{
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(auth_redirect::PATH, post(auth_redirect))
}

/// Redeems the access token after a click, or at once in the browser that asked for the mail;
/// else says whose account it opens. A session that the browser had before ends.
async fn auth_redirect(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<Response, Error> {
    if !request.confirmed {
        let opened = app.altogic.opened_by(&caller, &request.access_token).await?;
        let asked_here = opened
            .as_ref()
            .is_some_and(|opened| opened.signs_in() && app.flow_cookie.matches(&cookies, &opened.email));
        if !asked_here {
            let waiting = auth_redirect::Response {
                user: None,
                email: opened.map(|opened| opened.email),
            };
            return Ok((StatusCode::ACCEPTED, axum::Json(waiting)).into_response());
        }
    }
    let grant = app.altogic.redeem(&caller, &request.access_token).await?;
    let former = app.session_cookie.get(&cookies);
    app.session_cookie.set(&cookies, &grant.token);
    app.altogic
        .end_former_session(&caller, former, &grant.token)
        .await;
    app.flow_cookie.clear(&cookies);
    Ok(axum::Json(auth_redirect::Response {
        user: Some(grant.user),
        email: None,
    })
    .into_response())
}
