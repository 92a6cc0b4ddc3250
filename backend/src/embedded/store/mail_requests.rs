//! Statements on `mail_requests`.

use sqlx::SqliteExecutor;

use super::outbox::Kind;

/// A mail that was asked for, before it is known whether it is due.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct MailRequestRow {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) email: String,
    pub(crate) user_id: Option<String>,
    pub(crate) sign_up_id: Option<String>,
    pub(crate) created_at: i64,
}

/// Adds a request.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, request: &MailRequestRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO mail_requests (id, kind, email, user_id, sign_up_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&request.id)
    .bind(request.kind)
    .bind(&request.email)
    .bind(&request.user_id)
    .bind(&request.sign_up_id)
    .bind(request.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The oldest requests.
pub(crate) async fn oldest(db: impl SqliteExecutor<'_>, limit: i64) -> sqlx::Result<Vec<MailRequestRow>> {
    sqlx::query_as("SELECT * FROM mail_requests ORDER BY created_at LIMIT $1")
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Removes a request.
pub(crate) async fn delete(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM mail_requests WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
