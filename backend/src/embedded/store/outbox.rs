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
    /// The account that it is about, if there is one.
    pub(crate) user_id: Option<String>,
    pub(crate) recipient_name: Option<String>,
    pub(crate) link_seed: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) attempts: i64,
}

/// Queues a mail, to be sent at once.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, mail: &MailRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO outbox (id, kind, to_address, recipient_name, link_seed, created_at, attempts,
                             next_attempt_at, user_id)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $6, $7)",
    )
    .bind(&mail.id)
    .bind(mail.kind)
    .bind(&mail.to_address)
    .bind(&mail.recipient_name)
    .bind(&mail.link_seed)
    .bind(mail.created_at)
    .bind(&mail.user_id)
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
        "SELECT id, kind, to_address, user_id, recipient_name, link_seed, created_at, attempts FROM outbox
                        ORDER BY created_at DESC, id LIMIT $1";
    let of_one =
        "SELECT id, kind, to_address, user_id, recipient_name, link_seed, created_at, attempts FROM outbox
                  WHERE to_address = $2 ORDER BY created_at DESC, id LIMIT $1";
    match to_address {
        None => sqlx::query_as(of_everybody).bind(limit),
        Some(to_address) => sqlx::query_as(of_one).bind(limit).bind(to_address),
    }
    .fetch_all(db)
    .await
}

/// Takes up to `limit` mails that are due at `now`, the longest due first: until `leased_until` no
/// other worker takes them. Each counts as an attempt.
pub(crate) async fn claim(
    db: impl SqliteExecutor<'_>,
    now: i64,
    leased_until: i64,
    limit: i64,
) -> sqlx::Result<Vec<MailRow>> {
    sqlx::query_as(
        "UPDATE outbox SET next_attempt_at = $2, attempts = attempts + 1
         WHERE id IN (SELECT id FROM outbox WHERE next_attempt_at <= $1
                      ORDER BY next_attempt_at, created_at LIMIT $3) AND next_attempt_at <= $1
         RETURNING id, kind, to_address, user_id, recipient_name, link_seed, created_at, attempts",
    )
    .bind(now)
    .bind(leased_until)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// When the next unsent mail is due.
pub(crate) async fn next_attempt_at(db: impl SqliteExecutor<'_>) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT min(next_attempt_at) FROM outbox")
        .fetch_one(db)
        .await
}

/// Notes that a mail was taken by the mail server, and forgets its link. After a lease that another
/// worker has taken over, nothing is written.
pub(crate) async fn set_sent(
    db: impl SqliteExecutor<'_>,
    id: &str,
    leased_until: i64,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE outbox SET sent_at = $3, next_attempt_at = NULL, link_seed = NULL, last_error = NULL
         WHERE id = $1 AND next_attempt_at = $2",
    )
    .bind(id)
    .bind(leased_until)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Notes a failed attempt; without `next_attempt_at` it was the last. As [`set_sent`] otherwise.
pub(crate) async fn set_failed(
    db: impl SqliteExecutor<'_>,
    id: &str,
    leased_until: i64,
    error: &str,
    next_attempt_at: Option<i64>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE outbox SET next_attempt_at = $4, last_error = $3 WHERE id = $1 AND next_attempt_at = $2",
    )
    .bind(id)
    .bind(leased_until)
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

/// Removes every mail about an account.
pub(crate) async fn delete_of_user(db: impl SqliteExecutor<'_>, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM outbox WHERE user_id = $1")
        .bind(user_id)
        .execute(db)
        .await?;
    Ok(())
}
