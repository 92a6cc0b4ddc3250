//! Statements on `files`.

use sqlx::SqliteExecutor;
use sqlx::types::Json;

/// An uploaded file.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub(crate) id: String,
    pub(crate) bucket_id: String,
    pub(crate) name: String,
    pub(crate) object_name: String,
    pub(crate) size: i64,
    pub(crate) mime_type: String,
    pub(crate) is_public: bool,
    pub(crate) tags: Json<Vec<String>>,
    pub(crate) user_id: Option<String>,
    pub(crate) uploaded_at: i64,
    pub(crate) updated_at: i64,
}

/// The file with an id.
pub(crate) async fn by_id(
    db: impl SqliteExecutor<'_>,
    bucket_id: &str,
    id: &str,
) -> sqlx::Result<Option<FileRow>> {
    sqlx::query_as("SELECT * FROM files WHERE bucket_id = $1 AND id = $2")
        .bind(bucket_id)
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The file of a bucket with this name or this id.
pub(crate) async fn by_name_or_id(
    db: impl SqliteExecutor<'_>,
    bucket_id: &str,
    name_or_id: &str,
) -> sqlx::Result<Option<FileRow>> {
    sqlx::query_as("SELECT * FROM files WHERE bucket_id = $1 AND (name = $2 OR id = $2)")
        .bind(bucket_id)
        .bind(name_or_id)
        .fetch_optional(db)
        .await
}

/// Whether a bucket has a file of this name.
pub(crate) async fn is_name_taken(
    db: impl SqliteExecutor<'_>,
    bucket_id: &str,
    name: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM files WHERE bucket_id = $1 AND name = $2)")
        .bind(bucket_id)
        .bind(name)
        .fetch_one(db)
        .await
}

/// Whether a row refers to an object on the disk.
pub(crate) async fn is_object_used(db: impl SqliteExecutor<'_>, object_name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM files WHERE object_name = $1)")
        .bind(object_name)
        .fetch_one(db)
        .await
}

/// Adds a file whose bytes are safe on the disk.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, file: &FileRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO files (id, bucket_id, name, object_name, size, mime_type, is_public, tags, user_id,
                            uploaded_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&file.id)
    .bind(&file.bucket_id)
    .bind(&file.name)
    .bind(&file.object_name)
    .bind(file.size)
    .bind(&file.mime_type)
    .bind(file.is_public)
    .bind(&file.tags)
    .bind(&file.user_id)
    .bind(file.uploaded_at)
    .bind(file.updated_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The names under which a user's bytes lie on the disk.
pub(crate) async fn object_names_of_user(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT object_name FROM files WHERE user_id = $1")
        .bind(user_id)
        .fetch_all(db)
        .await
}

/// Removes a file's row.
pub(crate) async fn delete(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM files WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
