//! What becomes of a form that a browser sent by itself.

use axum::{
    extract::Request,
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use frontend::{Outcome, render};
use serde_json::{Map, Value};
use shared::{ReturnTo, auth_redirect};
use url::form_urlencoded;

use super::{
    Pages,
    api_call::{ApiCall, ApiReply},
    cookies_tried,
    form::{self, Fields, Form, Then, value},
    plain_profile, rendered,
};

/// Does what the form asks for, and shows how it fared.
pub(super) async fn answer(pages: &Pages, form: &Form, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut fields = match form::read(&parts.headers, body).await {
        Ok(fields) => fields,
        Err(error) => {
            let reply = ApiReply::of(error.into_response()).await;
            return shown_again(pages, form, &parts, reply, Fields::new()).await;
        }
    };
    if form.page == "/reset-password" && value(&fields, "password").is_none() {
        return open_reset(pages, form, &parts, fields).await;
    }
    let mut json: Map<String, Value> = form
        .fields
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                value(&fields, name).unwrap_or_default().into(),
            )
        })
        .collect();
    if form.page == "/auth-redirect" {
        // The click is what the page waited for.
        json.insert("confirmed".to_owned(), true.into());
        for name in ["password", "new_password"] {
            if let Some(typed) = value(&fields, name) {
                json.insert(name.to_owned(), typed.into());
            }
        }
    }
    let call = ApiCall {
        method: form.method.clone(),
        path: form.api,
        body: (!form.fields.is_empty()).then_some(Value::Object(json)),
    };
    let reply = pages.call(&parts, call).await;
    fields.retain(|(name, _)| form.kept.contains(&name.as_str()));
    if !reply.status.is_success() {
        return shown_again(pages, form, &parts, reply, fields).await;
    }
    if reply.status == StatusCode::ACCEPTED && form.page == "/auth-redirect" {
        return ask_password(&parts, &reply, fields);
    }
    let outcome = match form.then {
        Then::In if reply.status == StatusCode::ACCEPTED => Outcome::Mailed {
            to: value(&fields, "email").unwrap_or_default().trim().to_owned(),
        },
        Then::In => {
            // A browser that sends none may keep none. The way in then says so.
            let has_cookies = parts.headers.contains_key(header::COOKIE);
            let to = way_in(&parts);
            let to = if has_cookies { to } else { cookies_tried(&to) };
            return reply.with_cookies(Redirect::to(&to).into_response());
        }
        Then::To(page) => return reply.with_cookies(Redirect::to(page).into_response()),
        Then::Done => Outcome::Done,
    };
    let page = page(&parts, Fields::new(), Some(outcome));
    reply.with_cookies(rendered(StatusCode::OK, page, &parts.headers))
}

/// Asks for the password of the sign-up that a link finishes. Nothing is used up.
fn ask_password(parts: &Parts, reply: &ApiReply, mut typed: Fields) -> Response {
    let waiting = reply.decoded::<auth_redirect::Response>().ok();
    typed.retain(|(name, _)| name == "access_token");
    if let Some(email) = waiting.and_then(|waiting| waiting.email) {
        typed.push(("username".to_owned(), email));
    }
    reply.with_cookies(rendered(StatusCode::OK, page(parts, typed, None), &parts.headers))
}

/// Asks whose password the link sets, and for the new one. Nothing is used up.
async fn open_reset(pages: &Pages, form: &Form, parts: &Parts, fields: Fields) -> Response {
    let access_token = value(&fields, "access_token").unwrap_or_default();
    let call = ApiCall {
        method: Method::POST,
        path: auth_redirect::PATH,
        body: Some(serde_json::json!({ "access_token": access_token, "confirmed": false })),
    };
    let reply = pages.call(parts, call).await;
    let mut typed = vec![("access_token".to_owned(), access_token.to_owned())];
    match reply.decoded::<auth_redirect::Response>() {
        Ok(opened) => {
            if let Some(email) = opened.email {
                typed.push(("username".to_owned(), email));
            }
            reply.with_cookies(rendered(StatusCode::OK, page(parts, typed, None), &parts.headers))
        }
        Err(_) => shown_again(pages, form, parts, reply, typed).await,
    }
}

/// The page with the refusal in it.
async fn shown_again(pages: &Pages, form: &Form, parts: &Parts, reply: ApiReply, typed: Fields) -> Response {
    let outcome = Outcome::Refused {
        error: reply.error(),
        retry_after_seconds: reply.retry_after_seconds,
    };
    let shown = if matches!(form.then, Then::To(_)) {
        plain_profile::shown(pages, parts, reply.status, typed, Some(outcome)).await
    } else {
        rendered(reply.status, page(parts, typed, Some(outcome)), &parts.headers)
    };
    reply.with_cookies(shown)
}

fn page(parts: &Parts, typed: Fields, outcome: Option<Outcome>) -> render::Page {
    let path = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
    render::page(render::Visit {
        path: path.to_owned(),
        signed_in_hint: false,
        typed,
        outcome,
    })
}

/// Where the visitor wanted to go.
fn way_in(parts: &Parts) -> String {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "return_to")
        .and_then(|(_, path)| ReturnTo::new(&path))
        .map_or_else(
            || "/profile".to_owned(),
            |return_to| return_to.as_str().to_owned(),
        )
}
