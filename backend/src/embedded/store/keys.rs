//! Statements on `keys`.

use sqlx::SqliteExecutor;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Gates the whole REST API; public.
    Client,
    /// Lifts the guards of the client key; secret.
    Api,
}

/// One key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) key_hash: String,
    pub(crate) client_key: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) revoked_at: Option<i64>,
}

/// Every key, the oldest first.
pub(crate) async fn all(db: impl SqliteExecutor<'_>) -> sqlx::Result<Vec<KeyRow>> {
    sqlx::query_as("SELECT * FROM keys ORDER BY created_at, id")
        .fetch_all(db)
        .await
}

/// Adds a key.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, key: &KeyRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO keys (id, kind, name, key_hash, client_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&key.id)
    .bind(key.kind)
    .bind(&key.name)
    .bind(&key.key_hash)
    .bind(&key.client_key)
    .bind(key.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a living key.
pub(crate) async fn revoke(db: impl SqliteExecutor<'_>, id: &str, now: i64) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
