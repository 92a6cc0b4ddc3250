//! `POST /api/auth-redirect`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use shared::{
    Email,
    auth_redirect::{self, Needs, Request},
};

use super::sign_in_browser::sign_in_browser;
use crate::{
    altogic::Proof,
    common_password,
    cookies::Cookies,
    error::Error,
    extract::{Caller, Json},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new().route(auth_redirect::PATH, post(auth_redirect))
}

/// Redeems the access token after a click, or at once in the browser that asked for the mail; else
/// says whose account it opens. The link of a sign-up that another browser made takes that sign-up's
/// password, or a new one. A session that the browser had before ends.
async fn auth_redirect(
    State(app): State<AppState>,
    caller: Caller,
    cookies: Cookies,
    Json(request): Json<Request>,
) -> Result<Response, Error> {
    let session = app.session_cookie.get(&cookies);
    let caller = Caller {
        sign_up_tokens: app.flow_cookie.all_sign_up_tokens(&cookies),
        ..caller
    };
    let proof = proof(&app, &request)?;
    let is_proved = proof.password.is_some() || proof.new_password.is_some();
    // After a click there is nothing that another Altogic could tell.
    let opened = if app.altogic.is_embedded() || is_proved || !request.confirmed {
        app.altogic
            .opened_by(&caller, session.as_ref(), &request.access_token)
            .await?
    } else {
        None
    };
    if let Some(opened) = &opened
        && opened.needs_password()
        && !is_proved
    {
        return Ok(waiting(Some(&opened.email), Some(Needs::Password)));
    }
    let asked_here = opened
        .as_ref()
        .is_some_and(|opened| opened.signs_in() && app.flow_cookie.asked_for(&cookies, &opened.email));
    if !request.confirmed && !asked_here && !is_proved {
        return Ok(waiting(opened.as_ref().map(|opened| opened.email.as_str()), None));
    }
    let grant = match &opened {
        Some(opened) => {
            let caller = Caller {
                device_token: Email::try_from(opened.email.clone())
                    .ok()
                    .and_then(|email| app.device_cookie.token(&cookies, &email)),
                ..caller.clone()
            };
            let token = &request.access_token;
            app.altogic
                .redeem_with(&caller, session.as_ref(), token, &proof)
                .await?
        }
        None => app.altogic.redeem(&caller, &request.access_token).await?,
    };
    let user = sign_in_browser(&app, &caller, &cookies, grant).await;
    app.flow_cookie.clear(&cookies);
    Ok(axum::Json(auth_redirect::Response {
        user: Some(user),
        email: None,
        needs: None,
    })
    .into_response())
}

/// The passwords that came along.
fn proof(app: &AppState, request: &Request) -> Result<Proof, Error> {
    let checked = request.new_password.clone().map(|new| {
        new.at_least(app.password_min_length)
            .and_then(common_password::refuse)
            .map_err(|invalid| invalid.on("new_password"))
    });
    Ok(Proof {
        password: request.password.clone(),
        new_password: checked.transpose()?,
    })
}

/// Nothing is redeemed yet.
fn waiting(email: Option<&str>, needs: Option<Needs>) -> Response {
    let waiting = auth_redirect::Response {
        user: None,
        email: email.map(str::to_owned),
        needs,
    };
    (StatusCode::ACCEPTED, axum::Json(waiting)).into_response()
}
