//! Statements on `environment`.

use sqlx::SqliteExecutor;

/// The environment's id, if there was a first start.
pub(crate) async fn id(db: impl SqliteExecutor<'_>) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT id FROM environment")
        .fetch_optional(db)
        .await
}

/// Notes the first start.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO environment (id, created_at, decoy_writes) VALUES ($1, $2, 0)")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes for the sake of writing: an answer that changed nothing takes as long as one that did.
pub(crate) async fn decoy_write(db: impl SqliteExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("UPDATE environment SET decoy_writes = decoy_writes + 1")
        .execute(db)
        .await?;
    Ok(())
}
