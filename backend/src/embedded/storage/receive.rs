//! Takes the bytes of an upload to the disk as they come in.

use std::pin::pin;

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};

use super::super::errors::{self, Refusal, Result};
use super::super::{Embedded, ids};
use super::objects::UnderWay;
use super::quota::Share;
use super::wrapping::{Malformed, Wrapping};

/// The largest file, in bytes (100 MiB).
pub(crate) const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// Room for the multipart frame around it.
pub(super) const MAX_FRAME_BYTES: usize = 64 * 1024;
/// As much of a JSON body is held in memory, in bytes, to see what it is.
const HEAD_BYTES: usize = 64 * 1024;

/// What lies on the disk, not yet in a row.
pub(super) struct Uploaded {
    pub(super) object_name: String,
    pub(super) size: i64,
    pub(super) mime_type: String,
    _until_it_has_a_row: (Share, UnderWay),
}

/// The part `file` of a form; its media type is the part's own.
pub(super) async fn multipart(embedded: &Embedded, request: Request, share: Share) -> Result<Uploaded> {
    let multipart = Multipart::from_request(request, embedded).await;
    let mut multipart = multipart.map_err(|_| errors::file_upload_error())?;
    while let Some(field) = multipart.next_field().await.map_err(broken_off)? {
        if field.name() == Some("file") {
            let mime_type = mime_type(field.content_type());
            let chunks = field.map(|chunk| chunk.map_err(broken_off));
            return store(embedded, mime_type, chunks, share).await;
        }
    }
    Err(errors::file_upload_error())
}

/// A bare body. The official client wraps strings and buffers in JSON (PROTOCOL 5.5), which is
/// unwrapped; anything else is taken as it is.
pub(super) async fn object(
    embedded: &Embedded,
    request: Request,
    content_type: &str,
    share: Share,
) -> Result<Uploaded> {
    let mime_type = mime_type(Some(content_type));
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let chunks = request
        .into_body()
        .into_data_stream()
        .map(|chunk| chunk.map_err(|_| errors::file_upload_error()));
    if is_json {
        let chunks = unwrapped(chunks).await?;
        store(embedded, mime_type, chunks, share).await
    } else {
        store(embedded, mime_type, chunks, share).await
    }
}

/// What is wrapped in JSON, as it comes in. A body that only begins like a wrapped one is taken as
/// it is where all of it is at hand, and refused where it is larger.
async fn unwrapped(
    mut chunks: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<impl Stream<Item = Result<Bytes>>> {
    let mut head = BytesMut::new();
    let mut is_whole = false;
    while head.len() < HEAD_BYTES && !is_whole {
        match chunks.next().await.transpose()? {
            Some(chunk) => head.extend_from_slice(&chunk),
            None => is_whole = true,
        }
    }
    let mut head = head.freeze();
    let (mut wrapping, content) = Wrapping::of(&head);
    if is_whole {
        let inside = wrapping.unwrap(head.slice(content..));
        let inside = inside.and_then(|inside| wrapping.finish().map(|()| inside));
        head = inside.unwrap_or(head);
        wrapping = Wrapping::None;
    } else {
        head.advance(content);
    }
    let rest = futures_util::stream::iter([Ok(head)]).chain(chunks);
    let ended = futures_util::stream::iter([None]);
    Ok(rest.map(Some).chain(ended).map(move |chunk| match chunk {
        Some(chunk) => wrapping
            .unwrap(chunk?)
            .map_err(|Malformed| errors::file_upload_error()),
        None => wrapping
            .finish()
            .map(|()| Bytes::new())
            .map_err(|Malformed| errors::file_upload_error()),
    }))
}

async fn store(
    embedded: &Embedded,
    mime_type: String,
    chunks: impl Stream<Item = Result<Bytes>>,
    mut share: Share,
) -> Result<Uploaded> {
    let object_name = ids::new_token();
    let mut writing = embedded.objects.create(&object_name).await?;
    let mut chunks = pin!(chunks);
    let mut size = 0_u64;
    while let Some(chunk) = chunks.next().await {
        let refusal = match chunk {
            Ok(bytes) => {
                size += bytes.len() as u64;
                if size > MAX_FILE_BYTES {
                    errors::request_body_size_too_large()
                } else if let Err(refusal) = share.grow_to(size) {
                    refusal
                } else {
                    writing.write(bytes).await?;
                    continue;
                }
            }
            Err(refusal) => refusal,
        };
        writing.abort().await?;
        return Err(refusal);
    }
    let under_way = writing.finish().await?;
    Ok(Uploaded {
        object_name,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        mime_type,
        _until_it_has_a_row: (share, under_way),
    })
}

fn broken_off(error: MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        errors::request_body_size_too_large()
    } else {
        errors::file_upload_error()
    }
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

    #[tokio::test]
    async fn a_small_body_that_only_begins_like_a_wrapped_one_is_kept() {
        for body in [
            r#"{"0":104,"2":105}"#,
            r#"{"0":104,"1":256}"#,
            "\"open",
            r#"{"a":1}"#,
        ] {
            let chunks = futures_util::stream::iter([Ok(Bytes::from(body))]);

            let kept = unwrapped(chunks).await.unwrap();

            let kept: Vec<u8> = kept.map(|chunk| chunk.unwrap().to_vec()).concat().await;
            assert_eq!(kept, body.as_bytes(), "{body}");
        }
    }
}
