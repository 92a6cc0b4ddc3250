//! `POST storage/bucket/upload-formdata` and `upload-object` add a file,
//! `storage/bucket/file/replace-formdata` and `replace-object` give one other bytes.

use axum::extract::{DefaultBodyLimit, RawQuery, Request, State};
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;

use super::super::errors::{self, Result};
use super::super::fields::Fields;
use super::super::store::Write;
use super::super::store::buckets::{self, BucketRow};
use super::super::store::files::{self, FileRow};
use super::super::{Embedded, ids, query};
use super::actor::Actor;
use super::quota::{self, Share};
use super::receive::{self, MAX_FILE_BYTES, MAX_FRAME_BYTES, Uploaded};
use super::request::{self, Body, is_name};

pub(crate) fn router() -> Router<Embedded> {
    let limit = usize::try_from(MAX_FILE_BYTES)
        .unwrap_or(usize::MAX)
        .saturating_add(MAX_FRAME_BYTES);
    Router::new()
        .route("/storage/bucket/upload-formdata", post(upload_form))
        .route("/storage/bucket/upload-object", post(upload_object))
        .route("/storage/bucket/file/replace-formdata", post(replace_form))
        .route("/storage/bucket/file/replace-object", post(replace_object))
        .layer(DefaultBodyLimit::max(limit))
}

/// The query's `options` (PROTOCOL 5.5).
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    /// Of a bare body; a form's part has its own.
    content_type: String,
    create_bucket: bool,
    is_public: Option<bool>,
    tags: Value,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            content_type: "text/plain".to_owned(),
            create_bucket: false,
            is_public: None,
            tags: Value::Null,
        }
    }
}

struct Target {
    bucket: String,
    file_name: String,
    content_type: String,
    create_bucket: bool,
    is_public: Option<bool>,
    tags: Vec<String>,
}

/// Writes the part `file` to the disk, then its row. A cut upload leaves neither.
async fn upload_form(
    State(embedded): State<Embedded>,
    actor: Actor,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Reply<Value>> {
    let target = target(&embedded, &actor, query.as_deref()).await?;
    let share = Share::begin(&embedded, actor.user_id(), None).await?;
    let uploaded = receive::multipart(&embedded, request, share).await?;
    add(&embedded, &actor, target, uploaded).await
}

async fn upload_object(
    State(embedded): State<Embedded>,
    actor: Actor,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Reply<Value>> {
    let target = target(&embedded, &actor, query.as_deref()).await?;
    let share = Share::begin(&embedded, actor.user_id(), None).await?;
    let uploaded = receive::object(&embedded, request, &target.content_type, share).await?;
    add(&embedded, &actor, target, uploaded).await
}

async fn replace_form(
    State(embedded): State<Embedded>,
    actor: Actor,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Reply<Value>> {
    let (file, _) = replaced(&embedded, &actor, query.as_deref()).await?;
    let share = Share::begin(&embedded, file.user_id.as_deref(), Some(file.size)).await?;
    let uploaded = receive::multipart(&embedded, request, share).await?;
    replace(&embedded, file, uploaded).await
}

async fn replace_object(
    State(embedded): State<Embedded>,
    actor: Actor,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Reply<Value>> {
    let (file, options) = replaced(&embedded, &actor, query.as_deref()).await?;
    let share = Share::begin(&embedded, file.user_id.as_deref(), Some(file.size)).await?;
    let uploaded = receive::object(&embedded, request, &options.content_type, share).await?;
    replace(&embedded, file, uploaded).await
}

fn options(query: Option<&str>) -> Result<Options> {
    match query::form_value(query, "options").as_deref() {
        None | Some("" | "null") => Ok(Options::default()),
        Some(options) => serde_json::from_str(options).map_err(|_| errors::invalid_request_body_syntax()),
    }
}

/// Where an upload goes; checked before its bytes, so that a wrong bucket does not cost them.
async fn target(embedded: &Embedded, actor: &Actor, query: Option<&str>) -> Result<Target> {
    let text = |name| query::form_value(query, name).unwrap_or_default();
    let options = options(query)?;
    let target = Target {
        bucket: Some(text("bucket"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| super::ROOT.to_owned()),
        file_name: text("fileName"),
        content_type: options.content_type,
        create_bucket: options.create_bucket,
        is_public: options.is_public,
        tags: request::tags(&options.tags)?,
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
    fields.finish()?;
    if !target.create_bucket {
        request::bucket(embedded, actor, &Value::from(target.bucket.as_str())).await?;
    }
    Ok(target)
}

async fn replaced(embedded: &Embedded, actor: &Actor, query: Option<&str>) -> Result<(FileRow, Options)> {
    let named = |name| query::form_value(query, name).map_or(Value::Null, Value::from);
    let body = Body {
        bucket: named("bucket"),
        file: named("file"),
        ..Body::default()
    };
    Ok((body.own_file(embedded, actor).await?, options(query)?))
}

async fn add(embedded: &Embedded, actor: &Actor, target: Target, uploaded: Uploaded) -> Result<Reply<Value>> {
    let object_name = uploaded.object_name.clone();
    match insert(embedded, actor, target, uploaded).await {
        Ok(row) => Ok(Reply(super::wire(embedded, &row)?)),
        Err(refusal) => {
            embedded.objects.delete(&object_name).await?;
            Err(refusal)
        }
    }
}

async fn insert(embedded: &Embedded, actor: &Actor, target: Target, uploaded: Uploaded) -> Result<FileRow> {
    let now = embedded.settings.clock.now_ms();
    let user_id = actor.user_id().map(str::to_owned);
    let mut tx = embedded.store.begin().await?;
    let bucket = match buckets::by_name_or_id(&mut *tx, &target.bucket).await? {
        Some(bucket) if actor.sees_bucket(&bucket) => bucket,
        None if target.create_bucket => {
            let bucket = BucketRow {
                id: ids::new_id(),
                name: target.bucket,
                is_public: true,
                tags: Json(Vec::new()),
                user_id: user_id.clone(),
                created_at: now,
                updated_at: now,
            };
            buckets::insert(&mut *tx, &bucket).await?;
            bucket
        }
        _ => return Err(errors::bucket_not_found(&target.bucket)),
    };
    let file = FileRow {
        id: ids::new_id(),
        name: free_name(&mut tx, &bucket.id, &target.file_name).await?,
        bucket_id: bucket.id,
        object_name: uploaded.object_name,
        size: uploaded.size,
        mime_type: uploaded.mime_type,
        is_public: target.is_public.unwrap_or(bucket.is_public),
        tags: Json(target.tags),
        user_id,
        uploaded_at: now,
        updated_at: now,
    };
    files::insert(&mut *tx, &file).await?;
    quota::check(embedded, &mut tx, file.user_id.as_deref(), 0).await?;
    tx.commit().await?;
    Ok(file)
}

async fn write_object(embedded: &Embedded, row: &FileRow, former: &str) -> Result<bool> {
    let owner = row.user_id.as_deref();
    let mut tx = embedded.store.begin().await?;
    let before = quota::stored(&mut tx, owner).await?;
    let written = files::replace_object(&mut *tx, row, former).await?;
    quota::check(embedded, &mut tx, owner, before).await?;
    tx.commit().await?;
    Ok(written)
}

async fn replace(embedded: &Embedded, file: FileRow, uploaded: Uploaded) -> Result<Reply<Value>> {
    let former = file.object_name.clone();
    let row = FileRow {
        object_name: uploaded.object_name,
        size: uploaded.size,
        mime_type: uploaded.mime_type,
        updated_at: embedded.settings.clock.now_ms(),
        ..file
    };
    let written = write_object(embedded, &row, &former).await;
    let unused = if matches!(written, Ok(true)) {
        &former
    } else {
        &row.object_name
    };
    embedded.objects.delete(unused).await?;
    if written? {
        Ok(Reply(super::wire(embedded, &row)?))
    } else {
        Err(errors::file_not_found())
    }
}

/// The name, or `name-1.ext`, `name-2.ext`, … where it is taken (PROTOCOL 5.5). After a hundred
/// tries the number is random, so that nobody can make the search long.
pub(super) async fn free_name(tx: &mut Write, bucket_id: &str, name: &str) -> Result<String> {
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
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered("cat.png", "1"), "cat-1.png");
        assert_eq!(numbered("user_1", "2"), "user_1-2");
        assert_eq!(numbered(".env", "1"), ".env-1");
        assert_eq!(numbered("a.tar.gz", "1"), "a.tar-1.gz");
    }
}
