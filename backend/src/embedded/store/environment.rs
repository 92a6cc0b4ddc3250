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
    sqlx::query("INSERT INTO environment (id, created_at) VALUES ($1, $2)")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}
