//! Statements on `outbox`.

use sqlx::SqliteExecutor;

/// Which mail; each has a template of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Link that proves a new account's address.
    VerifyEmail,
    /// Link that signs in.
    MagicLink,
    /// Somebody wants an account, or to move one, to an address that has an account; link that
    /// signs in.
    AccountExists,
    /// Link that allows a new password.
    ResetPassword,
    /// Link that proves an account's next address; goes there.
    ChangeEmail,
    /// Notice to the present address that another was asked for.
    EmailChangeAsked,
    /// Notice to the former address.
    EmailChanged,
    /// Notice of a new password.
    PasswordChanged,
}

/// One mail.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct MailRow {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) to_address: String,
    pub(crate) recipient_name: Option<String>,
    pub(crate) link_seed: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) attempts: i64,
}

/// Queues a mail, to be sent at once.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, mail: &MailRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO outbox (id, kind, to_address, recipient_name, link_seed, created_at, attempts, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $6)",
    )
    .bind(&mail.id)
    .bind(mail.kind)
    .bind(&mail.to_address)
    .bind(&mail.recipient_name)
    .bind(&mail.link_seed)
    .bind(mail.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The latest mails, newest first; `to_address` narrows them to one recipient.
pub(crate) async fn latest(
    db: impl SqliteExecutor<'_>,
    to_address: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<MailRow>> {
    // Two statements, because one with `$1 IS NULL OR` would read the whole table.
    let of_everybody =
        "SELECT id, kind, to_address, recipient_name, link_seed, created_at, attempts FROM outbox
                        ORDER BY created_at DESC, id LIMIT $1";
    let of_one = "SELECT id, kind, to_address, recipient_name, link_seed, created_at, attempts FROM outbox
                  WHERE to_address = $2 ORDER BY created_at DESC, id LIMIT $1";
    match to_address {
        None => sqlx::query_as(of_everybody).bind(limit),
        Some(to_address) => sqlx::query_as(of_one).bind(limit).bind(to_address),
    }
    .fetch_all(db)
    .await
}

/// The mail that is due first, if one is due at `now`.
pub(crate) async fn due(db: impl SqliteExecutor<'_>, now: i64) -> sqlx::Result<Option<MailRow>> {
    sqlx::query_as(
        "SELECT id, kind, to_address, recipient_name, link_seed, created_at, attempts FROM outbox
         WHERE next_attempt_at <= $1 ORDER BY next_attempt_at, created_at LIMIT 1",
    )
    .bind(now)
    .fetch_optional(db)
    .await
}

/// When the next unsent mail is due.
pub(crate) async fn next_attempt_at(db: impl SqliteExecutor<'_>) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT min(next_attempt_at) FROM outbox")
        .fetch_one(db)
        .await
}

/// Notes that a mail was taken by the mail server, and forgets its link.
pub(crate) async fn set_sent(db: impl SqliteExecutor<'_>, id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE outbox SET sent_at = $2, attempts = attempts + 1, next_attempt_at = NULL, link_seed = NULL,
                           last_error = NULL
         WHERE id = $1",
    )
    .bind(id)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes a failed attempt; without `next_attempt_at` it was the last.
pub(crate) async fn set_failed(
    db: impl SqliteExecutor<'_>,
    id: &str,
    error: &str,
    next_attempt_at: Option<i64>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $3, last_error = $2 WHERE id = $1",
    )
    .bind(id)
    .bind(error)
    .bind(next_attempt_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes some of the mails that were sent or given up before `before`, at most `limit`; tells
/// how many.
pub(crate) async fn delete_finished(
    db: impl SqliteExecutor<'_>,
    before: i64,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM outbox WHERE id IN
         (SELECT id FROM outbox WHERE next_attempt_at IS NULL AND created_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Removes every mail to an address.
pub(crate) async fn delete_to(db: impl SqliteExecutor<'_>, to_address: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM outbox WHERE to_address = $1")
        .bind(to_address)
        .execute(db)
        .await?;
    Ok(())
}
