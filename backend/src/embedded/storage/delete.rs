//! `POST storage/delete-file` and `POST storage/bucket/file/delete`: removes a file of the caller.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::super::Embedded;
use super::super::errors::{self, Result};
use super::super::extract::Json;
use super::super::store::files::{self, FileRow};
use super::actor::Actor;
use super::request::Body;

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

/// Takes the `publicPath` of a file.
async fn delete_by_url(
    State(embedded): State<Embedded>,
    actor: Actor,
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
    let file = files::by_id(&mut *embedded.store.read().await?, bucket, file).await?;
    let file = file.ok_or_else(errors::file_not_found)?;
    if !actor.owns_file(&file) {
        return Err(errors::unauthorized());
    }
    delete_all(&embedded, &[file]).await?;
    Ok(Reply(()))
}

/// Takes names or ids.
async fn delete_by_name(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<()>> {
    let file = body.own_file(&embedded, &actor).await?;
    delete_all(&embedded, &[file]).await?;
    Ok(Reply(()))
}

/// Removes rows first, then bytes: no row ever points at nothing.
pub(super) async fn delete_all(embedded: &Embedded, rows: &[FileRow]) -> Result<()> {
    let mut tx = embedded.store.begin().await?;
    for row in rows {
        files::delete(&mut *tx, &row.id).await?;
    }
    tx.commit().await?;
    for row in rows {
        embedded.objects.delete(&row.object_name).await?;
    }
    Ok(())
}
