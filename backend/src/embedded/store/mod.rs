//! The database: one file of statements for each table, one statement for each function.
//!
//! Statements use `$1` placeholders and constructs that SQLite and Postgres share; times are unix
//! milliseconds, JSON is text. Only this file and `writer.rs` know that the database is SQLite.

pub(crate) mod access_tokens;
pub(crate) mod buckets;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod keys;
pub(crate) mod outbox;
#[cfg(test)]
mod plans;
pub(crate) mod sessions;
pub(crate) mod users;
mod writer;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

pub(crate) use writer::Write;
use writer::Writer;

/// The database's two doors: many readers, who never wait for a write, and one writer, so that
/// writes queue here and never meet `SQLITE_BUSY` among themselves.
#[derive(Clone)]
pub(crate) struct Store {
    reader: SqlitePool,
    writer: Writer,
}

const READERS: u32 = 4;
/// How long a write waits for its turn before the caller is told that the server is busy.
const WAIT: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the database at `path`, makes it where it is absent, and brings it up to date.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An answered 2xx survives a power cut, not only a killed process.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT);

        let mut writer = options.connect().await?;
        sqlx::migrate!().run(&mut writer).await?;
        let reader = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .acquire_timeout(WAIT)
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self {
            reader,
            writer: Writer::new(writer, WAIT),
        })
    }

    /// For statements that only read.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.reader
    }

    /// For statements that write, and hold together. The write lock is taken at once, so what the
    /// transaction reads stays true until it commits.
    pub(crate) async fn begin(&self) -> sqlx::Result<Write> {
        self.writer.begin().await
    }

    /// Finishes what is under way, folds the write-ahead log into the file, and closes.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        if let Err(error) = self.writer.close().await {
            tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
        }
    }
}
