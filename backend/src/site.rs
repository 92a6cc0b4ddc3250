//! The built site, carried inside the binary: hashed files for a year, the pages by their entity
//! tags.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use frontend::render::NOT_FOUND;

use crate::{error::Error, headers::NO_PAGE_POLICY};

/// One file of the site, packed by the build script.
struct File {
    /// Below the site's root, without the leading slash.
    path: &'static str,
    /// A strong entity tag of the unpacked bytes, in quotes.
    etag: &'static str,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/site_files.rs"));

/// The paths of the site's script files, one a line.
pub const SCRIPT_PATHS: &str = include_str!(concat!(env!("OUT_DIR"), "/script_paths.txt"));

/// The page's inline scripts for `script-src`, each with a space before it.
pub const SCRIPT_HASHES: &str = include_str!(concat!(env!("OUT_DIR"), "/script_hashes.txt"));

/// The same for the inline styles, for `style-src`.
pub const STYLE_HASHES: &str = include_str!(concat!(env!("OUT_DIR"), "/style_hashes.txt"));

/// The page around the pages: trunk's `index.html` with its styles inside; empty if the site is missing.
pub const FRAME: &str = include_str!(concat!(env!("OUT_DIR"), "/frame.html"));

/// One page, rendered by the build script.
struct Page {
    path: &'static str,
    signed_in_hint: bool,
    file: File,
}

const PAGES: &[Page] = include!(concat!(env!("OUT_DIR"), "/site_pages.rs"));

const HTML: &str = "text/html; charset=utf-8";

/// More than a reply has in the end, so that the map of its headers is made once.
const HEADERS: usize = 16;

/// Serves a file of the site; `None` if the path is none of a file.
///
/// # Errors
/// 404 for the path of a file that is not there.
pub fn file(path: &str, asked: &HeaderMap) -> Option<Result<Response, Error>> {
    if let Some(file) = FILES
        .iter()
        .find(|file| path.strip_prefix('/') == Some(file.path))
    {
        return Some(Ok(reply(file, StatusCode::OK, asked)));
    }
    // A client that asks for a picture or a well-known file must not get a page (UI-CHECKS U18).
    let is_file = path.starts_with("/.") || path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    is_file.then(|| Err(Error::not_found("There is no such file.")))
}

/// Serves the page of a path as it is for everybody, or the one that says that there is none.
pub fn page(path: &str, signed_in_hint: bool, asked: &HeaderMap) -> Response {
    let find = |path: &str| {
        PAGES
            .iter()
            .find(|page| page.path == path && page.signed_in_hint == signed_in_hint)
    };
    let (status, page) = match find(path).filter(|_| path != NOT_FOUND) {
        Some(page) => (StatusCode::OK, page),
        None => match find(NOT_FOUND) {
            Some(page) => (StatusCode::NOT_FOUND, page),
            None => return missing(),
        },
    };
    let mut reply = reply(&page.file, status, asked);
    reply
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Cookie"));
    reply
}

/// What every page says of a binary without the site.
pub fn missing() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        "This binary was built without the site. Run `make build`.\n",
    )
        .into_response()
}

fn reply(file: &File, status: StatusCode, asked: &HeaderMap) -> Response {
    let (encoding, body) = choose(file, asked);
    let mut reply = Response::new(Body::empty());
    let headers = reply.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::ETAG, HeaderValue::from_static(file.etag));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(cache_control(file.path)),
    );
    if status == StatusCode::OK && is_current(file, asked) {
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        return reply;
    }
    let content_type = content_type(file.path);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if content_type != HTML {
        // Shorter too: a page comes with several files.
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(NO_PAGE_POLICY),
        );
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *reply.status_mut() = status;
    *reply.body_mut() = Body::from(Bytes::from_static(body));
    reply
}

/// Whether the client can read this coding.
pub fn accepts(asked: &HeaderMap, name: &str) -> bool {
    let accepted = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        coding.trim().eq_ignore_ascii_case(name) && !refused
    })
}

/// The smallest copy that the client can read.
fn choose(file: &File, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    match (file.brotli, file.gzip) {
        (Some(packed), _) if accepts(asked, "br") => (Some("br"), packed),
        (_, Some(packed)) if accepts(asked, "gzip") => (Some("gzip"), packed),
        _ => (None, file.identity),
    }
}

fn is_current(file: &File, asked: &HeaderMap) -> bool {
    let tags = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    tags.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == file.etag || tag == "*")
}

/// Trunk writes a hash into the name of everything it builds: `name-0123456789abcdef.js`.
fn cache_control(path: &str) -> &'static str {
    let stem = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .split('.')
        .next()
        .unwrap_or_default();
    let hashed = stem
        .split('_')
        .next()
        .unwrap_or_default()
        .rsplit('-')
        .next()
        .is_some_and(|hash| hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if hashed {
        "public, max-age=31536000, immutable"
    } else if path.ends_with(".webmanifest") {
        // Browsers ask for it with every page.
        "public, max-age=86400"
    } else {
        "no-cache"
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => HTML,
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File {
        path: "a.js",
        etag: "\"t\"",
        identity: b"raw",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_client_gets_what_it_can_read() {
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("BR", Some("br")),
            ("identity", None),
            ("", None),
        ] {
            assert_eq!(
                choose(&FILE, &asked(header::ACCEPT_ENCODING, accepted)).0,
                encoding,
                "{accepted}"
            );
        }
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let reply = |tag| reply(&FILE, StatusCode::OK, &asked(header::IF_NONE_MATCH, tag)).status();

        assert_eq!(reply("\"t\""), StatusCode::NOT_MODIFIED);
        assert_eq!(reply("W/\"t\""), StatusCode::NOT_MODIFIED);
        assert_eq!(reply("\"other\""), StatusCode::OK);
    }

    #[test]
    fn only_hashed_names_are_kept_for_a_year() {
        assert!(cache_control("frontend-1f2e3d4c5b6a7988_bg.wasm").contains("immutable"));
        assert!(cache_control("frontend-1f2e3d4c5b6a7988_account.wasm").contains("immutable"));
        assert!(cache_control("style-0a1b2c3d.css").contains("immutable"));
        assert_eq!(cache_control("index.html"), "no-cache");
        assert_eq!(cache_control("icon-small.svg"), "no-cache");
    }
}
