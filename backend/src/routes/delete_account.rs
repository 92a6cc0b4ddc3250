//! `DELETE /api/profile`.

use axum::{Router, extract::State, http::StatusCode, routing::delete};
use shared::{
    Email,
    delete_account::{PATH, Request},
};

use crate::{
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    session_cookie::SessionToken,
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(PATH, delete(delete_account))
}

/// Deletes the account and forgets the session.
async fn delete_account(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    session: SessionToken,
    Json(request): Json<Request>,
) -> Result<StatusCode, Error> {
    let user = app.altogic.profile(&caller, &session).await?;
    let email = Email::try_from(user.email.clone()).map_err(|_| {
        let cause = anyhow::anyhow!("the user has no mail address");
        Error::Unavailable(StatusCode::BAD_GATEWAY, cause)
    })?;
    let caller = caller.known_to(&app, &cookies, &email);
    app.altogic
        .delete_account(&caller, &session, user, email, request)
        .await?;
    app.session_cookie.clear(&cookies);
    Ok(StatusCode::NO_CONTENT)
}
