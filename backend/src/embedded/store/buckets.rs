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
    // An id goes first: nobody takes over another bucket's id by giving it as a name.
    sqlx::query_as(
        "SELECT * FROM buckets WHERE name = $1 OR id = $1
         ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1",
    )
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

/// Every bucket, the oldest first.
pub(crate) async fn all(db: impl SqliteExecutor<'_>) -> sqlx::Result<Vec<BucketRow>> {
    sqlx::query_as("SELECT * FROM buckets ORDER BY created_at, id")
        .fetch_all(db)
        .await
}

/// Writes what may change of a bucket.
pub(crate) async fn update(db: impl SqliteExecutor<'_>, bucket: &BucketRow) -> sqlx::Result<()> {
    sqlx::query("UPDATE buckets SET name = $2, is_public = $3, tags = $4, updated_at = $5 WHERE id = $1")
        .bind(&bucket.id)
        .bind(&bucket.name)
        .bind(bucket.is_public)
        .bind(&bucket.tags)
        .bind(bucket.updated_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes a bucket with its files' rows.
pub(crate) async fn delete(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM buckets WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
