//! The site's pages: most are ready in the binary ([`site`]); those that say something of their
//! visitor are rendered here, from the same components.
//!
//! A browser that cannot run the app, or does not run it yet, sends the pages' forms by itself:
//! [`form`] passes them on to the API and answers with a page or a redirect.

mod api_call;
mod form;
mod form_answer;
mod plain_profile;

use std::{convert::Infallible, io::Write as _};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use flate2::{Compression, write::GzEncoder};
use frontend::render;
use shared::{ReturnTo, SIGNED_IN_COOKIE};
use tower::Service;

use crate::{cookies, error::Error, site};

/// What the pages need: the API, which does all the work.
#[derive(Clone, Debug)]
struct Pages {
    api: Router,
}

/// Serves every path that is not the API's; `api` is asked for what a page needs.
pub fn service(
    api: Router,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone {
    serve.with_state(Pages { api })
}

/// Serves a file of the site, a page, or the answer to a form.
async fn serve(State(pages): State<Pages>, request: Request) -> Result<Response, Error> {
    let form = form::find(request.uri().path());
    match (request.method().clone(), form) {
        (Method::GET | Method::HEAD, _) => show(&pages, request).await,
        (Method::POST, Some(form)) => Ok(form_answer::answer(&pages, form, request).await),
        _ => {
            let mut reply = Error::refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address is read with GET.",
            )
            .into_response();
            reply
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            Ok(reply)
        }
    }
}

async fn show(pages: &Pages, request: Request) -> Result<Response, Error> {
    let uri = request.uri();
    let path = uri.path();
    if let Some(file) = site::file(path, request.headers()) {
        return file;
    }
    let signed_in_hint = cookies::has(request.headers(), SIGNED_IN_COOKIE, "1");
    let whole = uri.path_and_query().map_or(path, |whole| whole.as_str());
    if render::is_private(path) && !signed_in_hint {
        return Ok(Redirect::to(&sign_in_for(whole)).into_response());
    }
    if whole == render::PLAIN_PROFILE {
        return Ok(plain_profile::show(pages, request).await);
    }
    if uri.query().is_some_and(shapes_page) {
        let visit = render::Visit {
            path: whole.to_owned(),
            signed_in_hint,
            ..render::Visit::default()
        };
        return Ok(rendered(StatusCode::OK, render::page(visit), request.headers()));
    }
    Ok(site::page(path, signed_in_hint, request.headers()))
}

/// Whether a page with this query is another one than without: its links lead back, or its form
/// carries the secret of a mail link.
fn shapes_page(query: &str) -> bool {
    query.split('&').any(|pair| {
        ["return_to=", "access_token=", "error=", "status="]
            .iter()
            .any(|name| pair.starts_with(name))
    })
}

/// The address of the way in that leads back to `path`.
fn sign_in_for(path: &str) -> String {
    frontend::words::with_return_to("/sign-in", ReturnTo::new(path).as_ref())
}

/// A page that was rendered for this visitor only.
fn rendered(status: StatusCode, page: render::Page, asked: &HeaderMap) -> Response {
    if site::FRAME.is_empty() {
        return site::missing();
    }
    let document = page.into_document(site::FRAME);
    let mut reply = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")]).into_response();
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Cookie"));
    let body = if site::accepts(asked, "gzip") {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        gzip(&document)
    } else {
        document.into_bytes()
    };
    *reply.body_mut() = Body::from(body);
    reply
}

fn gzip(document: &str) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::with_capacity(8 * 1024), Compression::fast());
    let written = writer
        .write_all(document.as_bytes())
        .and_then(|()| writer.finish());
    written.expect("memory takes everything")
}
