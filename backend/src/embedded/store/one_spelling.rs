//! Brings addresses from before into the one spelling that [`Email`] has today.
//!
//! `ada@bücher.example` and `ada@xn--bcher-kva.example` are one mailbox, and were two accounts. Of such
//! twins one keeps the address: the verified before the unverified, then the one that signed in last,
//! then the older. Another one that never proved its address and never signed in is removed, as an
//! unfinished sign-up is. One that was used stays with all it has, under `name+twin-ID@host`, and keeps
//! its password and sessions; its id is in the log.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use shared::Email;
use sqlx::{Connection, SqliteConnection};

const RULE: &str = "addresses";

#[derive(sqlx::FromRow)]
struct Account {
    id: String,
    email: String,
    email_verified: bool,
    sign_up_at: i64,
    last_login_at: Option<i64>,
}

/// Applies the rule once in the life of a database.
pub(super) async fn apply(db: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut tx = db.begin_with("BEGIN IMMEDIATE").await?;
    let applied: Option<String> = sqlx::query_scalar("SELECT rule FROM applied_rules WHERE rule = $1")
        .bind(RULE)
        .fetch_optional(&mut *tx)
        .await?;
    if applied.is_some() {
        return tx.rollback().await;
    }
    // A spelling with letters beyond ASCII, or with what stands for them, may be one of several.
    let accounts: Vec<Account> = sqlx::query_as(
        "SELECT id, email, email_verified, sign_up_at, last_login_at FROM users
         WHERE email LIKE '%xn--%' OR email GLOB '*[^ -~]*'",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut by_address: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for account in accounts {
        // What is no address by today's rules stays: nobody can type it, and its sessions go on.
        if let Ok(email) = Email::try_from(account.email.clone()) {
            by_address
                .entry(email.as_str().to_owned())
                .or_default()
                .push(account);
        }
    }
    for (address, mut twins) in by_address {
        let known: Vec<Account> = sqlx::query_as(
            "SELECT id, email, email_verified, sign_up_at, last_login_at FROM users WHERE email = $1",
        )
        .bind(&address)
        .fetch_all(&mut *tx)
        .await?;
        twins.extend(known.into_iter().filter(|account| account.email.is_ascii()));
        twins.sort_by_key(|twin| {
            (
                Reverse(twin.email_verified),
                Reverse(twin.last_login_at),
                twin.sign_up_at,
            )
        });
        let mut twins = twins.into_iter();
        let Some(kept) = twins.next() else { continue };
        for twin in twins {
            step_aside(&mut tx, &kept, &twin, &address).await?;
        }
        rename(&mut tx, &kept, &address).await?;
    }
    sqlx::query("INSERT INTO applied_rules (rule) VALUES ($1)")
        .bind(RULE)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Takes a twin from the address that `kept` keeps.
async fn step_aside(
    db: &mut SqliteConnection,
    kept: &Account,
    twin: &Account,
    address: &str,
) -> sqlx::Result<()> {
    if !twin.email_verified && twin.last_login_at.is_none() {
        sqlx::query("DELETE FROM users WHERE id = $1")
            .bind(&twin.id)
            .execute(db)
            .await?;
        return Ok(());
    }
    tracing::warn!(
        kept = kept.id,
        twin = twin.id,
        "two accounts had one address in two spellings; the twin has another address now"
    );
    let (name, host) = address.split_once('@').unwrap_or((address, ""));
    rename(db, twin, &format!("{name}+twin-{}@{host}", twin.id)).await
}

/// Gives an account, its mail links and its mails another address.
async fn rename(db: &mut SqliteConnection, account: &Account, address: &str) -> sqlx::Result<()> {
    for statement in [
        "UPDATE users SET email = $3 WHERE id = $1 AND email = $2",
        "UPDATE access_tokens SET email = $3 WHERE user_id = $1 AND email = $2",
        "UPDATE outbox SET to_address = $3 WHERE $1 <> '' AND to_address = $2",
    ] {
        sqlx::query(statement)
            .bind(&account.id)
            .bind(&account.email)
            .bind(address)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions, Row};

    use super::super::Store;

    /// A database as the version before left it.
    async fn before(folder: &std::path::Path, users: &[(&str, &str, bool, Option<i64>)]) {
        let path = folder.join("latchkey.db");
        Store::open(&path).await.unwrap().close().await;
        let mut db = SqliteConnectOptions::new()
            .filename(&path)
            .connect()
            .await
            .unwrap();
        sqlx::query("DELETE FROM applied_rules")
            .execute(&mut db)
            .await
            .unwrap();
        for (id, email, verified, last_login_at) in users {
            sqlx::query(
                "INSERT INTO users (id, email, custom_fields, email_verified, sign_up_at, last_login_at)
                 VALUES ($1, $2, '{}', $3, 1, $4)",
            )
            .bind(id)
            .bind(email)
            .bind(verified)
            .bind(last_login_at)
            .execute(&mut db)
            .await
            .unwrap();
        }
        sqlx::query(
            "INSERT INTO access_tokens (token_hash, purpose, user_id, email, expires_at)
             SELECT id, 'magic-link', id, email, 1 FROM users",
        )
        .execute(&mut db)
        .await
        .unwrap();
    }

    async fn after(folder: &std::path::Path) -> Vec<(String, String, String)> {
        let store = Store::open(&folder.join("latchkey.db")).await.unwrap();
        let rows = sqlx::query(
            "SELECT users.id, users.email, access_tokens.email FROM users
             JOIN access_tokens ON user_id = users.id ORDER BY users.id",
        )
        .fetch_all(&mut *store.read().await.unwrap())
        .await
        .unwrap();
        let rows = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        store.close().await;
        rows
    }

    #[tokio::test]
    async fn addresses_from_before_get_one_spelling_and_their_links_go_on() {
        let folder = tempfile::tempdir().unwrap();
        before(
            folder.path(),
            &[
                ("a", "ada@xn--bcher-kva.example", true, Some(1)),
                ("b", "zoe\u{308}@x.io", true, None),
                ("c", "grace@x.io", true, None),
                ("d", "no address xn--", true, None),
            ],
        )
        .await;

        let rows = after(folder.path()).await;

        let emails: Vec<_> = rows.iter().map(|row| row.1.as_str()).collect();
        assert_eq!(
            emails,
            ["ada@bücher.example", "zoë@x.io", "grace@x.io", "no address xn--"]
        );
        assert!(rows.iter().all(|row| row.1 == row.2), "{rows:?}");
    }

    #[tokio::test]
    async fn of_twins_one_keeps_the_address_and_none_in_use_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        before(
            folder.path(),
            &[
                ("a", "ada@bücher.example", true, Some(1)),
                ("b", "ada@xn--bcher-kva.example", true, Some(2)),
                ("c", "grace@bücher.example", false, None),
                ("d", "grace@xn--bcher-kva.example", true, None),
                ("e", "eve@x.io", true, None),
                ("f", "eve@ｘ.io", false, None),
            ],
        )
        .await;

        let rows = after(folder.path()).await;

        let rows: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect();
        assert_eq!(
            rows,
            [
                ("a", "ada+twin-a@bücher.example"),
                ("b", "ada@bücher.example"),
                ("d", "grace@bücher.example"),
                ("e", "eve@x.io"),
            ]
        );
    }
}
