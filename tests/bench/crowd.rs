//! Many users written straight into a database that no server has open, in the shape that the
//! embedded server gives them.

use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

/// A user who can send requests.
pub(crate) struct Person {
    pub(crate) email: String,
    /// The session's token.
    pub(crate) session: String,
    /// The secret of a magic link.
    pub(crate) access_token: String,
}

/// Adds users until there are `size`, all with the password of the first user, each with a
/// session and a link.
pub(crate) async fn grow(db: &mut SqliteConnection, size: u32) -> sqlx::Result<()> {
    for setting in ["synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {setting}")))
            .execute(&mut *db)
            .await?;
    }
    let before: i64 = sqlx::query("SELECT max(rowid) FROM users")
        .fetch_one(&mut *db)
        .await?
        .get(0);
    let now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000";
    let users = format!(
        "WITH RECURSIVE numbers (number) AS
           (SELECT $1 + 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < $2),
         first AS (SELECT password_hash FROM users ORDER BY rowid LIMIT 1)
         INSERT INTO users (id, email, password_hash, name, profile_picture, custom_fields, email_verified,
                            sign_up_at, last_login_at)
         SELECT lower(hex(randomblob(12))), 'person' || number || '@example.com', first.password_hash,
                'Person ' || number, NULL, '{{}}', TRUE, {now}, {now}
         FROM numbers CROSS JOIN first WHERE $1 < $2"
    );
    let sessions = format!(
        "INSERT INTO sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
         SELECT printf('%08d', rowid) || lower(hex(randomblob(7))), lower(hex(randomblob(32))), id,
                'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '127.0.0.1', {now}, {now}
         FROM users WHERE rowid > $1"
    );
    let links = format!(
        "INSERT INTO access_tokens (token_hash, purpose, user_id, email, expires_at)
         SELECT lower(hex(randomblob(32))), 'magic-link', id, email, {now} + 3600000 FROM users WHERE rowid > $1"
    );
    sqlx::query("BEGIN").execute(&mut *db).await?;
    sqlx::query(sqlx::AssertSqlSafe(users))
        .bind(before)
        .bind(size)
        .execute(&mut *db)
        .await?;
    sqlx::query(sqlx::AssertSqlSafe(sessions))
        .bind(before)
        .execute(&mut *db)
        .await?;
    sqlx::query(sqlx::AssertSqlSafe(links))
        .bind(before)
        .execute(&mut *db)
        .await?;
    sqlx::query("COMMIT").execute(&mut *db).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut *db)
        .await?;
    Ok(())
}

/// Up to `count` users from all over the table, with secrets that are known.
pub(crate) async fn some(db: &mut SqliteConnection, count: usize) -> sqlx::Result<Vec<Person>> {
    let users: i64 = sqlx::query("SELECT count(*) FROM users")
        .fetch_one(&mut *db)
        .await?
        .get(0);
    let rows = sqlx::query(
        "SELECT id, email FROM users
         WHERE rowid > 1 AND rowid % (SELECT 1 + (max(rowid) - 2) / $1 FROM users) = 0 LIMIT $1",
    )
    .bind(i64::try_from(count).unwrap_or(i64::MAX))
    .fetch_all(&mut *db)
    .await?;
    sqlx::query("BEGIN").execute(&mut *db).await?;
    let mut people = Vec::new();
    for row in rows {
        let (id, email): (String, String) = (row.get(0), row.get(1));
        // As long as real ones, and others each time; redeemed links are written again.
        let [session, access_token] = ["s", "a"].map(|kind| format!("{kind}{users:0>18}{id}"));
        sqlx::query("UPDATE sessions SET token_hash = $1 WHERE id = (SELECT min(id) FROM sessions WHERE user_id = $2)")
            .bind(digest(&session))
            .bind(&id)
            .execute(&mut *db)
            .await?;
        sqlx::query(
            "INSERT INTO access_tokens (token_hash, purpose, user_id, email, expires_at)
             VALUES ($1, 'magic-link', $2, $3, CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 600000)
             ON CONFLICT (user_id, purpose) DO UPDATE
             SET token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        )
        .bind(digest(&access_token))
        .bind(&id)
        .bind(&email)
        .execute(&mut *db)
        .await?;
        people.push(Person {
            email,
            session,
            access_token,
        });
    }
    sqlx::query("COMMIT").execute(&mut *db).await?;
    Ok(people)
}

/// What the database keeps of a secret.
fn digest(secret: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in Sha256::digest(secret) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
