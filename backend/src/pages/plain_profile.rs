//! `/profile?plain`: the profile for a browser that cannot run the app.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use frontend::{Outcome, render};
use shared::{ApiError, profile};

use super::{
    Pages,
    api_call::{ApiCall, ApiReply},
    rendered, sign_in_for,
};

/// Shows the profile, or the way in.
pub(super) async fn show(pages: &Pages, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    shown(pages, &parts, StatusCode::OK, Vec::new(), None).await
}

/// Shows the profile again with what became of its form.
pub(super) async fn shown(
    pages: &Pages,
    parts: &Parts,
    status: StatusCode,
    typed: Vec<(String, String)>,
    outcome: Option<Outcome>,
) -> Response {
    let call = ApiCall {
        method: Method::GET,
        path: profile::PATH,
        body: None,
    };
    let reply = pages.call(parts, call).await;
    let page = match reply.decoded::<profile::Response>() {
        Ok(known) => rendered(
            status,
            render::plain_profile(known.user, typed, outcome),
            &parts.headers,
        ),
        Err(error) => turned_away(&reply, error, &parts.headers),
    };
    reply.with_cookies(page)
}

fn turned_away(reply: &ApiReply, error: ApiError, asked: &HeaderMap) -> Response {
    if reply.status == StatusCode::UNAUTHORIZED {
        return Redirect::to(&sign_in_for("/profile")).into_response();
    }
    let trouble = render::plain_trouble(error, reply.retry_after_seconds);
    rendered(reply.status, trouble, asked)
}
