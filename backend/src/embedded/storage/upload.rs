//! `POST storage/bucket/upload-formdata`: takes a file as it streams in.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;

use super::super::errors::{self, Refusal, Result};
use super::super::extract::Caller;
use super::super::fields::Fields;
use super::super::store::Write;
use super::super::store::buckets::{self, BucketRow};
use super::super::store::files::{self, FileRow};
use super::super::{Embedded, ids, query};

/// The largest file, in bytes (100 MiB).
const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// Room for the multipart frame around it.
const MAX_FRAME_BYTES: usize = 64 * 1024;

pub(crate) fn router() -> Router<Embedded> {
    let limit = usize::try_from(MAX_FILE_BYTES)
        .unwrap_or(usize::MAX)
        .saturating_add(MAX_FRAME_BYTES);
    Router::new()
        .route("/storage/bucket/upload-formdata", post(upload))
        .layer(DefaultBodyLimit::max(limit))
}

/// The query's `options` (PROTOCOL 5.5); the media type is the part's, not theirs.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    create_bucket: bool,
    is_public: Option<bool>,
    tags: Option<Vec<String>>,
}

struct Target {
    bucket: String,
    file_name: String,
    options: Options,
}

/// What lies on the disk, not yet in a row.
struct Uploaded {
    object_name: String,
    size: u64,
    mime_type: String,
}

/// Writes the part `file` to the disk, then its row. A cut upload leaves neither.
async fn upload(
    State(embedded): State<Embedded>,
    caller: Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Reply<Value>> {
    let target = target(query.as_deref())?;
    // Before the bytes, so that a wrong bucket does not cost an upload.
    if !target.options.create_bucket {
        require_bucket(&embedded, &target.bucket).await?;
    }
    let mut multipart = Multipart::from_request(request, &embedded)
        .await
        .map_err(|_| errors::file_upload_error())?;
    let uploaded = receive(&embedded, &mut multipart).await?;
    let row = match insert(&embedded, &caller, target, &uploaded).await {
        Ok(row) => row,
        Err(refusal) => {
            embedded.objects.delete(&uploaded.object_name).await?;
            return Err(refusal);
        }
    };
    Ok(Reply(super::wire(&embedded, &row)?))
}

fn target(query: Option<&str>) -> Result<Target> {
    let text = |name| query::form_value(query, name).unwrap_or_default();
    let target = Target {
        bucket: Some(text("bucket"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| super::ROOT.to_owned()),
        file_name: text("fileName"),
        options: match text("options").as_str() {
            "" => Options::default(),
            options => serde_json::from_str(options).map_err(|_| errors::invalid_request_body_syntax())?,
        },
    };
    let mut fields = Fields::default();
    for (param, name) in [("bucket", &target.bucket), ("fileName", &target.file_name)] {
        if !is_name(name) {
            fields.refuse(
                param,
                "A name has 1 to 255 characters, none of them a control character.",
            );
        }
    }
    if target.options.tags.as_ref().is_some_and(|tags| tags.len() > 100) {
        fields.refuse("tags", "Use at most 100 tags.");
    }
    fields.finish()?;
    Ok(target)
}

fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

async fn require_bucket(embedded: &Embedded, name: &str) -> Result<BucketRow> {
    let bucket = buckets::by_name_or_id(embedded.store.read(), name).await?;
    bucket.ok_or_else(|| errors::bucket_not_found(name))
}

async fn receive(embedded: &Embedded, multipart: &mut Multipart) -> Result<Uploaded> {
    while let Some(field) = multipart.next_field().await.map_err(broken_off)? {
        if field.name() == Some("file") {
            return store(embedded, field).await;
        }
    }
    Err(errors::file_upload_error())
}

async fn store(embedded: &Embedded, mut field: Field<'_>) -> Result<Uploaded> {
    let mime_type = mime_type(field.content_type());
    let object_name = ids::new_token();
    let mut writing = embedded.objects.create(&object_name).await?;
    let mut size = 0;
    loop {
        let refusal = match field.chunk().await {
            Ok(Some(bytes)) => {
                size += bytes.len() as u64;
                if size <= MAX_FILE_BYTES {
                    writing.write(bytes).await?;
                    continue;
                }
                errors::request_body_size_too_large()
            }
            Ok(None) => break,
            Err(error) => broken_off(error),
        };
        writing.abort().await?;
        return Err(refusal);
    }
    writing.finish().await?;
    Ok(Uploaded {
        object_name,
        size,
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
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match essence.split_once('/') {
        Some((kind, subtype)) if token(kind) && token(subtype) => essence,
        _ => "application/octet-stream".to_owned(),
    }
}

async fn insert(
    embedded: &Embedded,
    caller: &Caller,
    target: Target,
    uploaded: &Uploaded,
) -> Result<FileRow> {
    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let bucket = match buckets::by_name_or_id(&mut *tx, &target.bucket).await? {
        Some(bucket) => bucket,
        None if target.options.create_bucket => {
            let bucket = BucketRow {
                id: ids::new_id(),
                name: target.bucket,
                is_public: true,
                tags: Json(Vec::new()),
                user_id: Some(caller.user.id.clone()),
                created_at: now,
                updated_at: now,
            };
            buckets::insert(&mut *tx, &bucket).await?;
            bucket
        }
        None => return Err(errors::bucket_not_found(&target.bucket)),
    };
    let file = FileRow {
        id: ids::new_id(),
        name: free_name(&mut tx, &bucket.id, &target.file_name).await?,
        bucket_id: bucket.id,
        object_name: uploaded.object_name.clone(),
        size: i64::try_from(uploaded.size).unwrap_or(i64::MAX),
        mime_type: uploaded.mime_type.clone(),
        is_public: target.options.is_public.unwrap_or(bucket.is_public),
        tags: Json(target.options.tags.unwrap_or_default()),
        user_id: Some(caller.user.id.clone()),
        uploaded_at: now,
        updated_at: now,
    };
    files::insert(&mut *tx, &file).await?;
    tx.commit().await?;
    Ok(file)
}

/// The name, or `name-1.ext`, `name-2.ext`, … where it is taken (PROTOCOL 5.5). After a hundred
/// tries the number is random, so that nobody can make the search long.
async fn free_name(tx: &mut Write, bucket_id: &str, name: &str) -> Result<String> {
    let mut candidate = name.to_owned();
    for number in 1..=100 {
        if !files::is_name_taken(&mut **tx, bucket_id, &candidate).await? {
            return Ok(candidate);
        }
        candidate = numbered(name, &number.to_string());
    }
    Ok(numbered(name, &ids::new_id()))
}

fn numbered(name: &str, number: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem}-{number}.{extension}"),
        _ => format!("{name}-{number}"),
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
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered("cat.png", "1"), "cat-1.png");
        assert_eq!(numbered("user_1", "2"), "user_1-2");
        assert_eq!(numbered(".env", "1"), ".env-1");
        assert_eq!(numbered("a.tar.gz", "1"), "a.tar-1.gz");
    }
}
