//! Statements on `sign_ups`.

use serde_json::{Map, Value};
use sqlx::SqliteExecutor;
use sqlx::types::Json;

/// A sign-up that waits for its mail link.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct SignUpRow {
    pub(crate) id: String,
    pub(crate) token_hash: String,
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) name: Option<String>,
    pub(crate) profile_picture: Option<String>,
    pub(crate) custom_fields: Json<Map<String, Value>>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

/// Adds a sign-up.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, sign_up: &SignUpRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sign_ups (id, token_hash, email, password_hash, name, profile_picture, custom_fields,
                               created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&sign_up.id)
    .bind(&sign_up.token_hash)
    .bind(&sign_up.email)
    .bind(&sign_up.password_hash)
    .bind(&sign_up.name)
    .bind(&sign_up.profile_picture)
    .bind(&sign_up.custom_fields)
    .bind(sign_up.created_at)
    .bind(sign_up.expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The sign-up with an id.
pub(crate) async fn by_id(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<Option<SignUpRow>> {
    sqlx::query_as("SELECT * FROM sign_ups WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The sign-up of the client that holds the secret with this hash.
pub(crate) async fn by_token_hash(
    db: impl SqliteExecutor<'_>,
    token_hash: &str,
) -> sqlx::Result<Option<SignUpRow>> {
    sqlx::query_as("SELECT * FROM sign_ups WHERE token_hash = $1")
        .bind(token_hash)
        .fetch_optional(db)
        .await
}

/// The newest sign-up of an address.
pub(crate) async fn latest_of(db: impl SqliteExecutor<'_>, email: &str) -> sqlx::Result<Option<SignUpRow>> {
    sqlx::query_as("SELECT * FROM sign_ups WHERE email = $1 ORDER BY created_at DESC LIMIT 1")
        .bind(email)
        .fetch_optional(db)
        .await
}

/// Whether an address has a sign-up whose link may still work at `now`.
pub(crate) async fn is_waiting(db: impl SqliteExecutor<'_>, email: &str, now: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sign_ups WHERE email = $1 AND expires_at > $2)")
        .bind(email)
        .bind(now)
        .fetch_one(db)
        .await
}

/// Notes a newer link, which dies at `expires_at`.
pub(crate) async fn set_expires_at(
    db: impl SqliteExecutor<'_>,
    id: &str,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE sign_ups SET expires_at = $2 WHERE id = $1")
        .bind(id)
        .bind(expires_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends every sign-up of an address, with its links.
pub(crate) async fn delete_of_email(db: impl SqliteExecutor<'_>, email: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sign_ups WHERE email = $1")
        .bind(email)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the sign-ups whose last link was dead before `before`, at most `limit`; tells
/// how many.
pub(crate) async fn delete_expired(
    db: impl SqliteExecutor<'_>,
    before: i64,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM sign_ups WHERE id IN (SELECT id FROM sign_ups WHERE expires_at <= $1 LIMIT $2)",
    )
    .bind(before)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
