//! Statements on `users`.

use serde_json::{Map, Value};
use sqlx::SqliteExecutor;
use sqlx::types::Json;

/// A person's account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password_hash: Option<String>,
    /// A password that opens nothing until its owner, signed in, names it as the current one.
    pub(crate) unproved_password_hash: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) profile_picture: Option<String>,
    pub(crate) custom_fields: Json<Map<String, Value>>,
    pub(crate) email_verified: bool,
    pub(crate) sign_up_at: i64,
    pub(crate) last_login_at: Option<i64>,
}

impl UserRow {
    /// How large the application's own fields are, as JSON.
    pub(super) fn custom_bytes(&self) -> usize {
        serde_json::to_string(&self.custom_fields.0).map_or(usize::MAX, |text| text.len())
    }
}

/// The account of an address.
pub(crate) async fn by_email(db: impl SqliteExecutor<'_>, email: &str) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("SELECT * FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(db)
        .await
}

/// The account with an id.
pub(crate) async fn by_id(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("SELECT * FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Adds an account.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, user: &UserRow) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO users (id, email, password_hash, unproved_password_hash, name, profile_picture,
                            custom_fields, email_verified, sign_up_at, last_login_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&user.id)
    .bind(&user.email)
    .bind(&user.password_hash)
    .bind(&user.unproved_password_hash)
    .bind(&user.name)
    .bind(&user.profile_picture)
    .bind(&user.custom_fields)
    .bind(user.email_verified)
    .bind(user.sign_up_at)
    .bind(user.last_login_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what the user may change of their own record.
pub(crate) async fn set_profile(db: impl SqliteExecutor<'_>, user: &UserRow) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET name = $2, profile_picture = $3, custom_fields = $4 WHERE id = $1")
        .bind(&user.id)
        .bind(&user.name)
        .bind(&user.profile_picture)
        .bind(&user.custom_fields)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that the user proved to own their address.
pub(crate) async fn set_email_verified(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET email_verified = $2 WHERE id = $1")
        .bind(id)
        .bind(true)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that the address is proved, by somebody who need not have chosen the password: it opens
/// nothing from here on.
pub(crate) async fn set_claimed(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET email_verified = $2, password_hash = NULL,
                          unproved_password_hash = COALESCE(password_hash, unproved_password_hash)
         WHERE id = $1",
    )
    .bind(id)
    .bind(true)
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the password's hash, also an unproved one, unless it was replaced since `old_hash` was
/// read.
pub(crate) async fn replace_password_hash(
    db: impl SqliteExecutor<'_>,
    id: &str,
    old_hash: &str,
    new_hash: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE users SET password_hash = $3, unproved_password_hash = NULL
         WHERE id = $1 AND COALESCE(password_hash, unproved_password_hash) = $2",
    )
    .bind(id)
    .bind(old_hash)
    .bind(new_hash)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets a password, whatever the former one was.
pub(crate) async fn set_password_hash(
    db: impl SqliteExecutor<'_>,
    id: &str,
    new_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2, unproved_password_hash = NULL WHERE id = $1")
        .bind(id)
        .bind(new_hash)
        .execute(db)
        .await?;
    Ok(())
}

/// Moves an account to another address.
pub(crate) async fn set_email(
    db: impl SqliteExecutor<'_>,
    id: &str,
    email: &str,
    verified: bool,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET email = $2, email_verified = $3 WHERE id = $1")
        .bind(id)
        .bind(email)
        .bind(verified)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes an account with its sessions, links and files' rows.
pub(crate) async fn delete(db: impl SqliteExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM users WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
