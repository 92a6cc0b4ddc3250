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
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use flate2::{Compression, write::GzEncoder};
use frontend::{NO_COOKIES, Outcome, render};
use shared::{ApiError, ErrorItem, ReturnTo, SIGNED_IN_COOKIE};
use tower::Service;
use url::form_urlencoded;

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
    if path.starts_with("/_") {
        // Programs ask for what Altogic serves there, and read no pages.
        return Err(Error::not_found("There is nothing here."));
    }
    if let Some(page) = without_slash(path) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        return Ok(Redirect::permanent(&format!("{page}{query}")).into_response());
    }
    let signed_in_hint = cookies::has(request.headers(), SIGNED_IN_COOKIE, "1");
    let whole = uri.path_and_query().map_or(path, |whole| whole.as_str());
    if render::is_private(path) && !signed_in_hint {
        return Ok(Redirect::to(&sign_in_for(whole)).into_response());
    }
    if whole == render::PLAIN_PROFILE {
        return Ok(plain_profile::show(pages, request).await);
    }
    if let Some(to) = tried_cookies(uri) {
        return Ok(if signed_in_hint {
            Redirect::to(to.as_str()).into_response()
        } else {
            rendered(StatusCode::OK, without_cookies(whole), request.headers())
        });
    }
    if uri.query().is_some_and(shapes_page) {
        let visit = render::Visit {
            path: whole.to_owned(),
            signed_in_hint,
            ..render::Visit::default()
        };
        let status = if is_page(path) {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        return Ok(rendered(status, render::page(visit), request.headers()));
    }
    Ok(site::page(path, signed_in_hint, request.headers()))
}

/// Whether a path has a page.
fn is_page(path: &str) -> bool {
    render::paths().any(|known| known == path)
}

/// The page that is meant by its path with a slash at the end.
fn without_slash(path: &str) -> Option<&str> {
    let page = path.strip_suffix('/')?.trim_end_matches('/');
    is_page(page).then_some(page)
}

/// Says in the query of `/sign-in` that the browser was just signed in.
const COOKIES: &str = "cookies";

/// The address that goes on to `path`, or says that the browser kept no cookies.
fn cookies_tried(path: &str) -> String {
    let to = form_urlencoded::Serializer::new(String::new())
        .append_pair(COOKIES, "1")
        .append_pair("return_to", path)
        .finish();
    format!("/sign-in?{to}")
}

/// Where such an address leads on to.
fn tried_cookies(uri: &Uri) -> Option<ReturnTo> {
    let query = uri.query().filter(|_| uri.path() == "/sign-in")?;
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes()).find_map(|(name, value)| (name == wanted).then_some(value))
    };
    value(COOKIES)?;
    ReturnTo::new(&value("return_to")?)
}

/// `/sign-in`, which says that the browser keeps no cookies.
fn without_cookies(whole: &str) -> render::Page {
    let refused = StatusCode::UNAUTHORIZED;
    let error = ApiError {
        status: refused.as_u16(),
        status_text: refused.canonical_reason().unwrap_or_default().to_owned(),
        items: vec![ErrorItem::client("no_cookies", NO_COOKIES)],
    };
    render::page(render::Visit {
        path: whole.to_owned(),
        outcome: Some(Outcome::Refused {
            error,
            retry_after_seconds: None,
        }),
        ..render::Visit::default()
    })
}

/// Whether a page with this query is another one than without: its links lead back, or its form
/// carries the secret of a mail link.
fn shapes_page(query: &str) -> bool {
    query.split('&').any(|pair| {
        ["return_to=", "access_token=", "error=", "status=", "mailed="]
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
