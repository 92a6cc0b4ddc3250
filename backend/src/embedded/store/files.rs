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
    // An id goes first: nobody takes over another file's id by giving it as a name.
    sqlx::query_as(
        "SELECT * FROM files WHERE bucket_id = $1 AND (name = $2 OR id = $2)
         ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END LIMIT 1",
    )
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

/// The fewest bytes that a file counts for: less is not freed on the disk either.
pub(crate) const MIN_CHARGE: i64 = 4096;

/// How many bytes the files of a user count for, each at least [`MIN_CHARGE`].
pub(crate) async fn bytes_of_user(db: impl SqliteExecutor<'_>, user_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT CAST(coalesce(sum(CASE WHEN size < $2 THEN $2 ELSE size END), 0) AS BIGINT) FROM files
         WHERE user_id = $1",
    )
    .bind(user_id)
    .bind(MIN_CHARGE)
    .fetch_one(db)
    .await
}

/// A picture's file, and the picture that its owner shows.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct PictureRow {
    pub(crate) id: String,
    pub(crate) bucket_id: String,
    pub(crate) name: String,
    pub(crate) object_name: String,
    pub(crate) mime_type: String,
    pub(crate) uploaded_at: i64,
    /// What the owner's record shows.
    pub(crate) shown: Option<String>,
}

/// The files tagged as pictures that users uploaded before `before`, in the order of their time and
/// id, beginning behind `after`; at most `limit`.
pub(crate) async fn pictures(
    db: impl SqliteExecutor<'_>,
    after: (i64, &str),
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<PictureRow>> {
    sqlx::query_as(
        "SELECT files.id, files.bucket_id, files.name, files.object_name, files.mime_type, files.uploaded_at,
                users.profile_picture AS shown
         FROM files JOIN users ON users.id = files.user_id
         WHERE files.tags = $5 AND (files.uploaded_at, files.id) > ($1, $2) AND files.uploaded_at < $3
         ORDER BY files.uploaded_at, files.id LIMIT $4",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(before)
    .bind(limit)
    .bind(Json(["avatar"]))
    .fetch_all(db)
    .await
}

/// What the owner of a file shows as a picture.
pub(crate) async fn shown_by_owner(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<Option<String>> {
    let shown: Option<Option<String>> = sqlx::query_scalar(
        "SELECT users.profile_picture FROM files JOIN users ON users.id = files.user_id WHERE files.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(shown.flatten())
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

/// The files of a user, or of everybody, in a bucket or in all, the oldest first.
pub(crate) async fn of_user(
    db: impl SqliteExecutor<'_>,
    user_id: Option<&str>,
    bucket_id: Option<&str>,
) -> sqlx::Result<Vec<FileRow>> {
    // Each case has its statement, because one with `$1 IS NULL OR` would read the whole table.
    match (user_id, bucket_id) {
        (None, None) => sqlx::query_as("SELECT * FROM files ORDER BY uploaded_at, id"),
        (Some(user), None) => {
            sqlx::query_as("SELECT * FROM files WHERE user_id = $1 ORDER BY uploaded_at, id").bind(user)
        }
        (None, Some(bucket)) => {
            sqlx::query_as("SELECT * FROM files WHERE bucket_id = $1 ORDER BY uploaded_at, id").bind(bucket)
        }
        (Some(user), Some(bucket)) => {
            // The sign keeps the index of the bucket out: a bucket may hold everybody's files.
            sqlx::query_as(
                "SELECT * FROM files WHERE user_id = $1 AND +bucket_id = $2 ORDER BY uploaded_at, id",
            )
            .bind(user)
            .bind(bucket)
        }
    }
    .fetch_all(db)
    .await
}

/// Writes everything about a file but its bytes; `false`: it is gone.
pub(crate) async fn update(db: impl SqliteExecutor<'_>, file: &FileRow) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE files SET bucket_id = $2, name = $3, is_public = $4, tags = $5, updated_at = $6 WHERE id = $1",
    )
    .bind(&file.id)
    .bind(&file.bucket_id)
    .bind(&file.name)
    .bind(file.is_public)
    .bind(&file.tags)
    .bind(file.updated_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a file other bytes; `false`: it is gone, or has others already than `former`.
pub(crate) async fn replace_object(
    db: impl SqliteExecutor<'_>,
    file: &FileRow,
    former: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE files SET object_name = $3, size = $4, mime_type = $5, updated_at = $6
         WHERE id = $1 AND object_name = $2",
    )
    .bind(&file.id)
    .bind(former)
    .bind(&file.object_name)
    .bind(file.size)
    .bind(&file.mime_type)
    .bind(file.updated_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes the files of a user, or of everybody, in a bucket public or private.
pub(crate) async fn set_public(
    db: impl SqliteExecutor<'_>,
    bucket_id: &str,
    user_id: Option<&str>,
    is_public: bool,
    now: i64,
) -> sqlx::Result<()> {
    let of_everybody =
        "UPDATE files SET is_public = $2, updated_at = $3 WHERE bucket_id = $1 AND is_public <> $2";
    let of_one = "UPDATE files SET is_public = $2, updated_at = $3
                  WHERE user_id = $4 AND +bucket_id = $1 AND is_public <> $2";
    let statement = match user_id {
        None => sqlx::query(of_everybody)
            .bind(bucket_id)
            .bind(is_public)
            .bind(now),
        Some(user_id) => sqlx::query(of_one)
            .bind(bucket_id)
            .bind(is_public)
            .bind(now)
            .bind(user_id),
    };
    statement.execute(db).await?;
    Ok(())
}

/// Removes a file's row.
pub(crate) async fn delete(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM files WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
