//! Statements on `sessions`.

use sqlx::{Sqlite, SqliteExecutor, query::Query, sqlite::SqliteArguments};

use super::users::UserRow;

/// One signed-in browser. The columns carry a prefix because the row is read together with its
/// user's.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct SessionRow {
    #[sqlx(rename = "session_id")]
    pub(crate) id: String,
    #[sqlx(rename = "session_user_id")]
    pub(crate) user_id: String,
    #[sqlx(rename = "session_user_agent")]
    pub(crate) user_agent: Option<String>,
    #[sqlx(rename = "session_ip")]
    pub(crate) ip: Option<String>,
    #[sqlx(rename = "session_created_at")]
    pub(crate) created_at: i64,
    #[sqlx(rename = "session_last_seen_at")]
    pub(crate) last_seen_at: i64,
}

/// Since when a session must have been made, and used, to be alive; unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alive {
    pub(crate) created_after: i64,
    pub(crate) seen_after: i64,
}

/// A session together with whose it is.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct SessionAndUser {
    #[sqlx(flatten)]
    pub(crate) session: SessionRow,
    #[sqlx(flatten)]
    pub(crate) user: UserRow,
    /// SQLite's number of the session's row; see [`super::changes`].
    pub(super) session_row: i64,
    /// The same of the user's.
    pub(super) user_row: i64,
}

impl Alive {
    /// Whether a session is alive.
    pub(super) fn includes(self, session: &SessionRow) -> bool {
        session.created_at > self.created_after && session.last_seen_at > self.seen_after
    }
}

/// The living session with this token, and its user.
pub(crate) async fn by_token_hash(
    db: impl SqliteExecutor<'_>,
    token_hash: &str,
    alive: Alive,
) -> sqlx::Result<Option<SessionAndUser>> {
    sqlx::query_as(
        "SELECT users.*, sessions.id AS session_id, sessions.user_id AS session_user_id,
                sessions.user_agent AS session_user_agent, sessions.ip AS session_ip,
                sessions.created_at AS session_created_at, sessions.last_seen_at AS session_last_seen_at,
                sessions.rowid AS session_row, users.rowid AS user_row
         FROM sessions JOIN users ON users.id = sessions.user_id
         WHERE sessions.token_hash = $1 AND sessions.created_at > $2 AND sessions.last_seen_at > $3",
    )
    .bind(token_hash)
    .bind(alive.created_after)
    .bind(alive.seen_after)
    .fetch_optional(db)
    .await
}

/// The living sessions of a user that were used last, at most `limit`, in that order.
pub(crate) async fn of_user(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    alive: Alive,
    limit: i64,
) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as(
        "SELECT id AS session_id, user_id AS session_user_id, user_agent AS session_user_agent,
                ip AS session_ip, created_at AS session_created_at, last_seen_at AS session_last_seen_at
         FROM sessions WHERE user_id = $1 AND created_at > $2 AND last_seen_at > $3
         ORDER BY last_seen_at DESC, created_at DESC, id DESC LIMIT $4",
    )
    .bind(user_id)
    .bind(alive.created_after)
    .bind(alive.seen_after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Ends the sessions of a user that were used least recently, so that `others` are left beside the
/// one with the handle `keep`.
pub(crate) async fn delete_least_used(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    keep: &str,
    others: i64,
) -> sqlx::Result<()> {
    // Databases do not agree on how to write an offset without a limit.
    sqlx::query(
        "DELETE FROM sessions WHERE id IN
         (SELECT id FROM sessions WHERE user_id = $1 AND id <> $2
          ORDER BY last_seen_at DESC, created_at DESC, id DESC LIMIT 1000000 OFFSET $3)",
    )
    .bind(user_id)
    .bind(keep)
    .bind(others)
    .execute(db)
    .await?;
    Ok(())
}

/// Whose session has this handle or this token.
pub(crate) async fn owner(
    db: impl SqliteExecutor<'_>,
    handle: &str,
    token_hash: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT user_id FROM sessions WHERE id = $1 OR token_hash = $2")
        .bind(handle)
        .bind(token_hash)
        .fetch_optional(db)
        .await
}

/// Opens a session.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    session: &SessionRow,
    token_hash: &str,
) -> sqlx::Result<()> {
    let statement = "INSERT INTO sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    bound(statement, session, token_hash).execute(db).await?;
    Ok(())
}

/// Opens a session, unless its user's password hash is another one than `password_hash` by now.
pub(crate) async fn insert_for_password(
    db: impl SqliteExecutor<'_>,
    session: &SessionRow,
    token_hash: &str,
    password_hash: &str,
) -> sqlx::Result<bool> {
    let statement = "INSERT INTO sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
         SELECT $1, $2, $3, $4, $5, $6, $7 FROM users WHERE id = $3 AND password_hash = $8";
    let done = bound(statement, session, token_hash)
        .bind(password_hash)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A statement with a session in its first seven places.
fn bound(
    statement: &'static str,
    session: &SessionRow,
    token_hash: &str,
) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(statement)
        .bind(&session.id)
        .bind(token_hash)
        .bind(&session.user_id)
        .bind(&session.user_agent)
        .bind(&session.ip)
        .bind(session.created_at)
        .bind(session.last_seen_at)
}

/// Notes that a session was used.
pub(crate) async fn set_last_seen_at(db: impl SqliteExecutor<'_>, id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends the session with this handle or this token, if it is the user's; gives its handle.
pub(crate) async fn delete_own(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    handle: &str,
    token_hash: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "DELETE FROM sessions WHERE user_id = $1 AND (id = $2 OR token_hash = $3) RETURNING id",
    )
    .bind(user_id)
    .bind(handle)
    .bind(token_hash)
    .fetch_optional(db)
    .await
}

/// Ends every session of a user, except the one with the handle `keep`.
pub(crate) async fn delete_of_user(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    keep: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
        .bind(user_id)
        .bind(keep.unwrap_or_default())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the sessions that have expired, at most `limit`; tells how many.
pub(crate) async fn delete_expired(
    db: impl SqliteExecutor<'_>,
    alive: Alive,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM sessions WHERE id IN
         (SELECT id FROM sessions WHERE created_at <= $1 OR last_seen_at <= $2 LIMIT $3)",
    )
    .bind(alive.created_after)
    .bind(alive.seen_after)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
