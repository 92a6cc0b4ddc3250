//! Statements on `buckets`.

use sqlx::SqliteExecutor;
use sqlx::types::Json;

/// A folder of files.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct BucketRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_public: bool,
    pub(crate) tags: Json<Vec<String>>,
    pub(crate) user_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// The bucket with this name or this id.
pub(crate) async fn by_name_or_id(
    db: impl SqliteExecutor<'_>,
    name_or_id: &str,
) -> sqlx::Result<Option<BucketRow>> {
    sqlx::query_as("SELECT * FROM buckets WHERE name = $1 OR id = $1")
        .bind(name_or_id)
        .fetch_optional(db)
        .await
}

/// Adds a bucket.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, bucket: &BucketRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO buckets (id, name, is_public, tags, user_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&bucket.id)
    .bind(&bucket.name)
    .bind(bucket.is_public)
    .bind(&bucket.tags)
    .bind(&bucket.user_id)
    .bind(bucket.created_at)
    .bind(bucket.updated_at)
    .execute(db)
    .await?;
    Ok(())
}
