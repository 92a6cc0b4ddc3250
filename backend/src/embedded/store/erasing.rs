//! Makes deleted text unreadable in the database's files.
//!
//! `secure_delete` overwrites a deleted row, but not the copies of it that stay behind when SQLite
//! moves rows between pages (some two deletions in a thousand; measured). `VACUUM` writes only what
//! is there. What the log holds goes when the log is cut. A transaction that deletes a person's
//! data notes that in the file's head ([`note`]), so it is known after a crash too, and of databases
//! that an older version wrote, whose mark is missing.

use sqlx::{SqliteConnection, SqliteExecutor};

use super::Store;
use super::writer::Turn;

/// The database's `user_version` while nothing deleted is readable; else 0.
const ERASED: i64 = 1;
/// A larger database is not written anew when the program stops, but after its next start, in bytes
/// (256 MiB).
const MAX_AT_END: i64 = 256 * 1024 * 1024;

/// Notes within a transaction that it deletes a person's data.
pub(crate) async fn note(db: impl SqliteExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("PRAGMA user_version = 0").execute(db).await.map(drop)
}

/// Notes that a new database has nothing to erase.
pub(super) async fn note_new(db: impl SqliteExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("PRAGMA user_version = 1").execute(db).await.map(drop)
}

impl Store {
    /// Makes what was deleted unreadable, and cuts the write-ahead log. Writes wait meanwhile: as long
    /// as the database takes to be written, if a person's data was deleted, else some milliseconds.
    ///
    /// # Errors
    /// What SQLite says, for example that the disk is full. It can be tried again.
    pub(crate) async fn erase_deleted(&self) -> sqlx::Result<()> {
        let mut turn = self.writer.alone().await;
        if !is_erased(turn.idle().await?).await? {
            let _writes_wait = self.writer.write_anew();
            write_anew(&mut turn).await?;
        }
        fold(turn.idle().await?).await
    }

    /// As [`Store::erase_deleted`], unless that would take long: then the next start does it.
    pub(crate) async fn erase_at_the_end(&self) -> sqlx::Result<()> {
        let bytes: i64 =
            sqlx::query_scalar("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
                .fetch_one(&mut *self.read().await?)
                .await?;
        if bytes <= MAX_AT_END {
            self.erase_deleted().await?;
        }
        Ok(())
    }

    /// Folds the log into the file, and closes the writing connection.
    pub(super) async fn close_writer(&self) -> sqlx::Result<()> {
        let mut turn = self.writer.alone().await;
        let folded = match turn.idle().await {
            Ok(db) => fold(db).await,
            Err(error) => Err(error),
        };
        turn.close().await?;
        folded
    }
}

async fn is_erased(db: &mut SqliteConnection) -> sqlx::Result<bool> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(db).await?;
    Ok(version == ERASED)
}

async fn write_anew(turn: &mut Turn) -> sqlx::Result<()> {
    let db = turn.idle().await?;
    let vacuumed = sqlx::query("VACUUM").execute(&mut *db).await;
    // It may give rows other numbers.
    turn.changes().end_all();
    vacuumed?;
    note_new(turn.idle().await?).await
}

/// Writes the log into the database's file, and cuts it to nothing.
async fn fold(db: &mut SqliteConnection) -> sqlx::Result<()> {
    // Another program that reads for long must not stop our writes for as long.
    sqlx::query("PRAGMA busy_timeout = 250").execute(&mut *db).await?;
    let folded: sqlx::Result<(i64, i64, i64)> = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *db)
        .await;
    sqlx::query(super::BUSY_TIMEOUT).execute(&mut *db).await?;
    match folded? {
        (0, ..) => Ok(()),
        _ => Err(sqlx::Error::Io(std::io::Error::other(
            "another program reads the database, so its log cannot be cut",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;
    use tempfile::TempDir;

    use super::super::users::{self, UserRow};
    use super::*;

    fn person(number: u32) -> UserRow {
        // Ids and addresses of no order, so that pages are split and joined in the middle.
        let scattered = number.wrapping_mul(2_654_435_761);
        UserRow {
            id: format!("{scattered:024x}"),
            email: format!("{scattered:08x}@mail{number:06}.example"),
            password_hash: Some("h".repeat(97)),
            unproved_password_hash: None,
            name: Some(format!("Name{number:06}")),
            profile_picture: None,
            custom_fields: sqlx::types::Json(serde_json::Map::new()),
            email_verified: true,
            sign_up_at: 1,
            last_login_at: None,
        }
    }

    fn bytes(folder: &Path) -> Vec<u8> {
        let files = fs::read_dir(folder).unwrap();
        files
            .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    fn holds(bytes: &[u8], text: &str) -> bool {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// The numbers of six digits that stand behind a word.
    fn numbers_behind(bytes: &[u8], word: [u8; 4]) -> BTreeSet<u32> {
        let places = bytes.windows(10).filter(|window| window.starts_with(&word));
        places
            .filter_map(|window| std::str::from_utf8(&window[4..]).ok()?.parse().ok())
            .collect()
    }

    /// SECURITY-BAR T-77. Without writing anew, some of these names stay.
    #[tokio::test]
    async fn no_deleted_name_or_address_stays_in_any_page() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("db")).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        for number in 0..3000 {
            users::insert(&mut *tx, &person(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        note(&mut *tx).await.unwrap();
        for number in (0..3000).filter(|number| number % 3 != 0) {
            users::delete(&mut *tx, &person(number).id).await.unwrap();
        }
        tx.commit().await.unwrap();

        store.erase_deleted().await.unwrap();

        let bytes = bytes(folder.path());
        let kept: BTreeSet<u32> = (0..3000).filter(|number| number % 3 == 0).collect();
        assert_eq!(numbers_behind(&bytes, *b"Name"), kept);
        assert_eq!(numbers_behind(&bytes, *b"mail"), kept);
        store.close().await;
    }

    #[tokio::test]
    async fn what_an_older_version_deleted_is_erased_too() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("db");
        Store::open(&path).await.unwrap().close().await;
        let mut older = SqliteConnectOptions::new()
            .filename(&path)
            .connect()
            .await
            .unwrap();
        sqlx::query("PRAGMA user_version = 0")
            .execute(&mut older)
            .await
            .unwrap();
        users::insert(&mut older, &person(7)).await.unwrap();
        users::delete(&mut older, &person(7).id).await.unwrap();
        sqlx::Connection::close(older).await.unwrap();
        assert!(
            holds(&bytes(folder.path()), "Name000007"),
            "it deletes as it used to"
        );

        let store = Store::open(&path).await.unwrap();
        store.erase_deleted().await.unwrap();

        assert!(!holds(&bytes(folder.path()), "Name000007"));
        store.close().await;
    }
}
