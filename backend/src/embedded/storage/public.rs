//! `GET /_storage/{environment}/{bucket}/{file}`: public files, as browsers load them.

use std::ops::Range;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::Embedded;
use super::super::errors::{self, Result};
use super::super::store::files::{self, FileRow};
use super::served_type::served_type;

/// Pictures that a browser shows and that cannot carry a script; everything else is downloaded.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"];

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/_storage/{environment}/{bucket}/{file}", get(file))
        .method_not_allowed_fallback(async || errors::method_not_allowed())
        .layer(map_response(readable_from_everywhere))
}

/// Applications on other origins show these pictures, and read why one is refused (PROTOCOL 5.6).
async fn readable_from_everywhere(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

async fn file(
    State(embedded): State<Embedded>,
    Path((environment, bucket, id)): Path<(String, String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let unknown = || errors::resource_not_found(&method, &uri);
    if environment != embedded.environment_id {
        return Err(unknown());
    }
    let file = files::by_id(&mut *embedded.store.read().await?, &bucket, &id)
        .await?
        .ok_or_else(unknown)?;
    if !file.is_public {
        return Err(errors::not_public());
    }

    let etag = format!("\"{}\"", file.object_name);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(&embedded, &file, &method, &headers, &etag).await?
    };
    let is_content = response.status().is_success();
    let out = response.headers_mut();
    if is_content {
        let served = HeaderValue::from_str(served_type(&file.mime_type)).map_err(anyhow::Error::from)?;
        out.insert(header::CONTENT_TYPE, served);
    }
    // A new upload has a new URL. Only a file that was changed in place is asked for again.
    let caching = if file.updated_at == file.uploaded_at {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(
        header::ETAG,
        HeaderValue::from_str(&etag).map_err(anyhow::Error::from)?,
    );
    Ok(response)
}

/// The whole file, for a caller who may read it.
pub(super) async fn whole(embedded: &Embedded, file: &FileRow) -> Result<Response> {
    content(embedded, file, &Method::GET, &HeaderMap::new(), "").await
}

/// RFC 9110, 13.1.2.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == etag || known == "*")
}

async fn content(
    embedded: &Embedded,
    file: &FileRow,
    method: &Method,
    headers: &HeaderMap,
    etag: &str,
) -> Result<Response> {
    let size = u64::try_from(file.size).unwrap_or_default();
    let (status, range) = match asked_range(headers, etag, size) {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Beyond => {
            let headers = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((headers, errors::range_not_satisfiable()).into_response());
        }
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(embedded.objects.read(&file.object_name, range.clone()).await?)
    };
    let mut response = (status, body).into_response();
    let out = response.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).map_err(anyhow::Error::from);
    out.insert(header::CONTENT_TYPE, text(&file.mime_type)?);
    out.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(header::CONTENT_DISPOSITION, text(&disposition(file))?);
    out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    out.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        out.insert(header::CONTENT_RANGE, text(&part)?);
    }
    Ok(response)
}

/// RFC 6266; the name in its encoded form only, because the plain one has no agreed escaping.
fn disposition(file: &FileRow) -> String {
    let kind = if SHOWN.contains(&file.mime_type.as_str()) {
        "inline"
    } else {
        "attachment"
    };
    format!(
        "{kind}; filename*=UTF-8''{}",
        utf8_percent_encode(&file.name, NON_ALPHANUMERIC)
    )
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Beyond,
}

/// RFC 9110, 14.2: one range of bytes is honoured, several at once are answered with the whole.
fn asked_range(headers: &HeaderMap, etag: &str, size: u64) -> Asked {
    let condition = headers.get(header::IF_RANGE);
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
        return Asked::Whole;
    };
    if condition.is_some_and(|condition| condition != etag) {
        return Asked::Whole;
    }
    let number = |text: &str| text.parse::<u64>().ok();
    match (first, last) {
        ("", last) => match number(last) {
            Some(0) => Asked::Beyond,
            Some(_) if size == 0 => Asked::Beyond,
            Some(length) => Asked::Part(size.saturating_sub(length)..size),
            None => Asked::Whole,
        },
        (first, last) => {
            let end = if last.is_empty() {
                Some(size)
            } else {
                number(last).map(|last| last.saturating_add(1))
            };
            match (number(first), end) {
                (Some(first), Some(end)) if first >= end && !last.is_empty() => Asked::Whole,
                (Some(first), Some(_)) if first >= size => Asked::Beyond,
                (Some(first), Some(end)) => Asked::Part(first..end.min(size)),
                _ => Asked::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Asked {
        let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
        asked_range(&headers, "\"e\"", 10)
    }

    #[test]
    fn one_range_is_honoured() {
        assert_eq!(asked("bytes=0-3"), Asked::Part(0..4));
        assert_eq!(asked("bytes=4-"), Asked::Part(4..10));
        assert_eq!(asked("bytes=-3"), Asked::Part(7..10));
        assert_eq!(asked("bytes=-99"), Asked::Part(0..10));
        assert_eq!(asked("bytes=8-99"), Asked::Part(8..10));
    }

    #[test]
    fn what_is_not_one_range_gives_the_whole() {
        for range in [
            "bytes=0-1,3-4",
            "bytes=5-2",
            "items=0-1",
            "bytes=a-b",
            "bytes=",
            "bytes=-",
        ] {
            assert_eq!(asked(range), Asked::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_refused() {
        assert_eq!(asked("bytes=10-"), Asked::Beyond);
        assert_eq!(asked("bytes=99-100"), Asked::Beyond);
        assert_eq!(asked("bytes=-0"), Asked::Beyond);
    }
}
