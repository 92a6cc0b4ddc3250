//! Takes the bytes of an upload to the disk as they come in.

use std::pin::pin;

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use futures_util::{Stream, StreamExt};
use serde_json::Value;

use super::super::errors::{self, Refusal, Result};
use super::super::{Embedded, ids};

/// The largest file, in bytes (100 MiB).
pub(crate) const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// Room for the multipart frame around it.
pub(super) const MAX_FRAME_BYTES: usize = 64 * 1024;
/// The largest upload that comes as JSON and must be read whole, in bytes (8 MiB).
const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;

/// What lies on the disk, not yet in a row.
pub(super) struct Uploaded {
    pub(super) object_name: String,
    pub(super) size: i64,
    pub(super) mime_type: String,
}

/// The part `file` of a form; its media type is the part's own.
pub(super) async fn multipart(embedded: &Embedded, request: Request) -> Result<Uploaded> {
    let multipart = Multipart::from_request(request, embedded).await;
    let mut multipart = multipart.map_err(|_| errors::file_upload_error())?;
    while let Some(field) = multipart.next_field().await.map_err(broken_off)? {
        if field.name() == Some("file") {
            let mime_type = mime_type(field.content_type());
            return store(embedded, mime_type, field.map(|chunk| chunk.map_err(broken_off))).await;
        }
    }
    Err(errors::file_upload_error())
}

/// A bare body. The official client wraps strings and buffers in JSON (PROTOCOL 5.5), which is
/// unwrapped; anything else is taken as it is.
pub(super) async fn object(embedded: &Embedded, request: Request, content_type: &str) -> Result<Uploaded> {
    let mime_type = mime_type(Some(content_type));
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let body = request.into_body();
    if is_json {
        let bytes = axum::body::to_bytes(body, MAX_JSON_BYTES).await;
        let bytes = unwrapped(bytes.map_err(|_| errors::request_body_size_too_large())?);
        return store(embedded, mime_type, futures_util::stream::iter([Ok(bytes)])).await;
    }
    let chunks = body
        .into_data_stream()
        .map(|chunk| chunk.map_err(|_| errors::file_upload_error()));
    store(embedded, mime_type, chunks).await
}

async fn store(
    embedded: &Embedded,
    mime_type: String,
    chunks: impl Stream<Item = Result<Bytes>>,
) -> Result<Uploaded> {
    let object_name = ids::new_token();
    let mut writing = embedded.objects.create(&object_name).await?;
    let mut chunks = pin!(chunks);
    let mut size = 0_u64;
    while let Some(chunk) = chunks.next().await {
        let refusal = match chunk {
            Ok(bytes) => {
                size += bytes.len() as u64;
                if size <= MAX_FILE_BYTES {
                    writing.write(bytes).await?;
                    continue;
                }
                errors::request_body_size_too_large()
            }
            Err(refusal) => refusal,
        };
        writing.abort().await?;
        return Err(refusal);
    }
    writing.finish().await?;
    Ok(Uploaded {
        object_name,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        mime_type,
    })
}

fn broken_off(error: MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        errors::request_body_size_too_large()
    } else {
        errors::file_upload_error()
    }
}

/// `"text"` → its bytes; `{"type":"Buffer","data":[…]}` and `{"0":1,"1":2,…}` → the bytes listed.
fn unwrapped(body: Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::String(text)) => text.into(),
        Ok(value) => listed(&value).map_or(body, Bytes::from),
        Err(_) => body,
    }
}

fn listed(value: &Value) -> Option<Vec<u8>> {
    let byte = |value: &Value| value.as_u64().and_then(|number| u8::try_from(number).ok());
    let fields = value.as_object()?;
    if fields.get("type").is_some_and(|kind| kind == "Buffer") {
        return fields.get("data")?.as_array()?.iter().map(byte).collect();
    }
    // By number, because a map's order is that of its keys' text.
    (0..fields.len())
        .map(|index| byte(fields.get(&index.to_string())?))
        .collect()
}

/// `type/subtype` in lower case, without parameters; anything odd is unknown bytes.
fn mime_type(header: Option<&str>) -> String {
    let essence = header
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let token = |text: &str| {
        let sound = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=64).contains(&text.len()) && text.bytes().all(sound)
    };
    match essence.split_once('/') {
        Some((kind, subtype)) if token(kind) && token(subtype) => essence,
        _ => "application/octet-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_loses_its_parameters() {
        assert_eq!(mime_type(Some("Text/HTML;charset=UTF-8")), "text/html");
        assert_eq!(mime_type(Some("image/svg+xml")), "image/svg+xml");
        for odd in [
            None,
            Some(""),
            Some("image"),
            Some("a/b/c"),
            Some("image/p ng"),
            Some("text/html\" x"),
        ] {
            assert_eq!(mime_type(odd), "application/octet-stream", "{odd:?}");
        }
    }

    #[test]
    fn what_the_official_client_wraps_is_unwrapped() {
        for (body, bytes) in [
            ("\"hello\"", "hello"),
            (r#"{"type":"Buffer","data":[104,105]}"#, "hi"),
            (r#"{"0":104,"1":105}"#, "hi"),
            (r#"{"0":104,"2":105}"#, r#"{"0":104,"2":105}"#),
            (r#"{"0":104,"1":256}"#, r#"{"0":104,"1":256}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("[1,2]", "[1,2]"),
            ("not json", "not json"),
        ] {
            assert_eq!(unwrapped(Bytes::from(body)), bytes.as_bytes(), "{body}");
        }
    }
}
