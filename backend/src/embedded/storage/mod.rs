//! Files: uploads and deletions for applications, public files for browsers.
//!
//! The bytes lie in [`Objects`], everything else is a row. Bytes are written before their row and
//! removed after it, so no row ever points at nothing; what a crash leaves without a row is swept
//! an hour later.

mod actor;
mod buckets;
mod change;
mod delete;
mod files;
#[cfg(any(test, feature = "fuzz"))]
pub(super) mod fuzzed;
mod listing;
mod objects;
mod public;
mod quota;
mod receive;
mod request;
mod served_type;
mod sweep;
mod upload;
mod wrapping;

pub(crate) use objects::Objects;
pub(crate) use quota::Arriving;
pub(crate) use receive::MAX_FILE_BYTES;
pub(crate) use sweep::sweep_orphans;

use axum::Router;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::Embedded;
use super::clock::iso;
use super::store::Write;
use super::store::buckets::BucketRow;
use super::store::files::FileRow;

/// The built-in bucket's name.
const ROOT: &str = "root";

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .merge(buckets::router())
        .merge(files::router())
        .merge(upload::router())
        .merge(delete::router())
}

pub(crate) fn public_router() -> Router<Embedded> {
    public::router()
}

/// Makes the built-in bucket; its id is the environment's (PROTOCOL 2.3).
pub(crate) async fn insert_root(tx: &mut Write, environment_id: &str, now: i64) -> sqlx::Result<()> {
    let root = BucketRow {
        id: environment_id.to_owned(),
        name: ROOT.to_owned(),
        is_public: true,
        tags: Json(Vec::new()),
        user_id: None,
        created_at: now,
        updated_at: now,
    };
    super::store::buckets::insert(&mut **tx, &root).await
}

/// A file as Altogic writes it (PROTOCOL 2.4).
fn wire(embedded: &Embedded, file: &FileRow) -> anyhow::Result<Value> {
    let path = ["_storage", &embedded.environment_id, &file.bucket_id, &file.id];
    Ok(json!({
        "_id": file.id,
        "bucketId": file.bucket_id,
        "fileName": file.name,
        "size": file.size,
        "encoding": "7bit",
        "mimeType": file.mime_type,
        "publicPath": embedded.public_link(&path)?.as_str(),
        "isPublic": file.is_public,
        "uploadedAt": iso(file.uploaded_at),
        "updatedAt": iso(file.updated_at),
        "userId": file.user_id,
        "tags": file.tags.0,
    }))
}
