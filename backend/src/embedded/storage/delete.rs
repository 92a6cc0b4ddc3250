//! `POST storage/delete-file` and `POST storage/bucket/file/delete`: removes a file of the caller.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::super::Embedded;
use super::super::errors::{self, Result};
use super::super::extract::{Caller, Json};
use super::super::store::buckets;
use super::super::store::files::{self, FileRow};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/storage/delete-file", post(delete_by_url))
        .route("/storage/bucket/file/delete", post(delete_by_name))
}

#[derive(Deserialize)]
struct ByUrl {
    #[serde(default, rename = "fileUrl")]
    file_url: Value,
}

#[derive(Deserialize)]
struct ByName {
    #[serde(default)]
    bucket: Value,
    #[serde(default)]
    file: Value,
}

/// Takes the `publicPath` of a file.
async fn delete_by_url(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<ByUrl>,
) -> Result<Reply<()>> {
    let url = body
        .file_url
        .as_str()
        .and_then(|url| Url::parse(url).ok())
        .ok_or_else(errors::file_not_found)?;
    let path: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let [.., "_storage", environment, bucket, file] = path[..] else {
        return Err(errors::file_not_found());
    };
    if environment != embedded.environment_id {
        return Err(errors::file_not_found());
    }
    let file = files::by_id(embedded.store.read(), bucket, file).await?;
    delete(&embedded, &caller, file).await
}

/// Takes names or ids.
async fn delete_by_name(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(body): Json<ByName>,
) -> Result<Reply<()>> {
    let bucket = body.bucket.as_str().unwrap_or(super::ROOT);
    let found = buckets::by_name_or_id(embedded.store.read(), bucket).await?;
    let bucket = found.ok_or_else(|| errors::bucket_not_found(bucket))?;
    let file = body.file.as_str().unwrap_or_default();
    let file = files::by_name_or_id(embedded.store.read(), &bucket.id, file).await?;
    delete(&embedded, &caller, file).await
}

async fn delete(embedded: &Embedded, caller: &Caller, file: Option<FileRow>) -> Result<Reply<()>> {
    let file = file.ok_or_else(errors::file_not_found)?;
    if file.user_id.as_ref() != Some(&caller.user.id) {
        return Err(errors::unauthorized());
    }
    files::delete(embedded.store.write(), &file.id).await?;
    embedded.objects.delete(&file.object_name).await?;
    Ok(Reply(()))
}
