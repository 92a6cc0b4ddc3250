//! `GET /.well-known/change-password`, by which password managers find the form
//! (W3C, "A Well-Known URL for Changing Passwords").

use axum::{Router, response::Redirect, routing::get};

use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(
        "/.well-known/change-password",
        get(async || Redirect::to("/security")),
    )
}
