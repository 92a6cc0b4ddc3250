//! Statements on `access_tokens`.

use std::time::Duration;

use sqlx::SqliteExecutor;

/// What a mail link is for; in the database and in links by Altogic's names of the action
/// (PROTOCOL 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
pub(crate) enum Purpose {
    /// Proves a new account's address.
    #[sqlx(rename = "email-confirm")]
    VerifyEmail,
    /// Signs in without a password.
    #[sqlx(rename = "magic-link")]
    MagicLink,
    /// Allows a new password.
    #[sqlx(rename = "reset-pwd")]
    ResetPassword,
    /// Proves an account's next address.
    #[sqlx(rename = "change-email")]
    ChangeEmail,
}

impl Purpose {
    const ALL: [Self; 4] = [
        Self::VerifyEmail,
        Self::MagicLink,
        Self::ResetPassword,
        Self::ChangeEmail,
    ];

    /// Altogic's name of the action.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::VerifyEmail => "email-confirm",
            Self::MagicLink => "magic-link",
            Self::ResetPassword => "reset-pwd",
            Self::ChangeEmail => "change-email",
        }
    }

    /// The purpose of an action's name.
    pub(crate) fn of_action(action: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.action() == action)
    }

    /// How long a link works.
    pub(crate) fn lifetime(self) -> Duration {
        match self {
            Self::MagicLink => Duration::from_mins(10),
            Self::VerifyEmail | Self::ResetPassword | Self::ChangeEmail => Duration::from_hours(1),
        }
    }
}

/// What a link's secret stands for. It belongs to a user or to a sign-up, never to both.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct AccessTokenRow {
    pub(crate) purpose: Purpose,
    pub(crate) user_id: Option<String>,
    pub(crate) sign_up_id: Option<String>,
    pub(crate) email: String,
}

/// Adds a token, beside others of the same purpose.
pub(crate) async fn insert(
    db: impl SqliteExecutor<'_>,
    token: &AccessTokenRow,
    token_hash: &str,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO access_tokens (token_hash, purpose, user_id, sign_up_id, email, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token_hash)
    .bind(token.purpose)
    .bind(&token.user_id)
    .bind(&token.sign_up_id)
    .bind(&token.email)
    .bind(expires_at)
    .execute(db)
    .await?;
    Ok(())
}

/// What a living token stands for; changes nothing.
pub(crate) async fn by_hash(
    db: impl SqliteExecutor<'_>,
    token_hash: &str,
    now: i64,
) -> sqlx::Result<Option<AccessTokenRow>> {
    sqlx::query_as(
        "SELECT purpose, user_id, sign_up_id, email FROM access_tokens
         WHERE token_hash = $1 AND expires_at > $2",
    )
    .bind(token_hash)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Redeems a living token of one of two purposes: of many who try at once, one gets the row.
pub(crate) async fn redeem(
    db: impl SqliteExecutor<'_>,
    token_hash: &str,
    purposes: [Purpose; 2],
    now: i64,
) -> sqlx::Result<Option<AccessTokenRow>> {
    sqlx::query_as(
        "DELETE FROM access_tokens
         WHERE token_hash = $1 AND purpose IN ($2, $3) AND expires_at > $4
         RETURNING purpose, user_id, sign_up_id, email",
    )
    .bind(token_hash)
    .bind(purposes[0])
    .bind(purposes[1])
    .bind(now)
    .fetch_optional(db)
    .await
}

/// The address that a living token of a user is to prove.
pub(crate) async fn email_of_user(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    purpose: Purpose,
    now: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT email FROM access_tokens WHERE user_id = $1 AND purpose = $2 AND expires_at > $3
         ORDER BY expires_at DESC LIMIT 1",
    )
    .bind(user_id)
    .bind(purpose)
    .bind(now)
    .fetch_optional(db)
    .await
}

/// Ends the user's links of one purpose.
pub(crate) async fn delete_of_purpose(
    db: impl SqliteExecutor<'_>,
    user_id: &str,
    purpose: Purpose,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE user_id = $1 AND purpose = $2")
        .bind(user_id)
        .bind(purpose)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends every link of a user.
pub(crate) async fn delete_of_user(db: impl SqliteExecutor<'_>, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE user_id = $1")
        .bind(user_id)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the tokens that have expired, at most `limit`; tells how many.
pub(crate) async fn delete_expired(db: impl SqliteExecutor<'_>, now: i64, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "DELETE FROM access_tokens WHERE token_hash IN
         (SELECT token_hash FROM access_tokens WHERE expires_at <= $1 LIMIT $2)",
    )
    .bind(now)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
