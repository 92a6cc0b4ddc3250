//! The database: one file of statements for each table, one statement for each function.
//!
//! Statements use `$1` placeholders and constructs that SQLite and Postgres share; times are unix
//! milliseconds, JSON is text. Only this file, `writer/`, `readers.rs` and `erasing.rs` know that the database is SQLite.

pub(crate) mod access_tokens;
pub(crate) mod audit;
pub(crate) mod buckets;
mod changes;
pub(crate) mod environment;
pub(crate) mod erasing;
pub(crate) mod files;
pub(crate) mod keys;
mod known_sessions;
pub(crate) mod mail_requests;
mod one_spelling;
pub(crate) mod outbox;
#[cfg(test)]
mod plans;
mod probe;
mod readers;
pub(crate) mod sessions;
pub(crate) mod sign_ups;
pub(crate) mod users;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use super::private_files;
use changes::Changes;
use known_sessions::KnownSessions;
pub(crate) use readers::Reader;
use readers::Readers;
use sessions::{Alive, SessionAndUser};
pub(crate) use writer::Write;
use writer::Writer;

/// The database's two doors: many readers, who never wait for a write, and one writer, so that
/// writes queue here and never meet `SQLITE_BUSY` among themselves.
#[derive(Clone)]
pub(crate) struct Store {
    readers: Arc<Readers>,
    writer: Writer,
    known_sessions: Arc<KnownSessions>,
}

const READERS: usize = 4;
/// How long anybody waits for their turn before they are told that the server is busy.
const WAIT: Duration = Duration::from_secs(5);
/// How long a statement waits for another program that has locked the database. With [`WAIT`] it is
/// less than a caller has patience for (8 s), so that even a write that had to queue is refused in
/// words.
const BUSY_WAIT: Duration = Duration::from_secs(2);
/// [`BUSY_WAIT`] as a statement.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 2000";

/// A connection that only reads the database at `path`, beside a server or without one. Changes
/// nothing, so a database of an older version stays as it is.
pub(crate) async fn open_to_read(path: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(WAIT)
        .disable_statement_logging()
        .connect()
        .await
}

impl Store {
    /// Opens the database at `path`, makes it where it is absent, and brings it up to date. What
    /// SQLite makes beside it gets the mode of the file.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let is_new = private_files::create(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // An answered 2xx survives a power cut, not only a killed process.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT)
            // What is deleted is overwritten; see `erasing.rs` for the rest.
            .pragma("secure_delete", "on")
            // 16 MiB, four times as much as usual: what is written again and again is then folded into
            // the file less often.
            .pragma("wal_autocheckpoint", "4000")
            // Nobody reads them, and each statement's time is taken for them.
            .disable_statement_logging();

        let changes = Arc::new(Changes::new());
        let writer = Writer::open(options.clone(), Arc::clone(&changes), WAIT).await?;
        {
            let mut turn = writer.alone().await;
            let connection = turn.idle().await?;
            if is_new {
                erasing::note_new(&mut *connection).await?;
            }
            sqlx::migrate!().run(&mut *connection).await?;
            one_spelling::apply(connection).await?;
        }
        let readers = Readers::open(&options.pragma("query_only", "on"), READERS, WAIT).await?;
        Ok(Self {
            readers: Arc::new(readers),
            writer,
            known_sessions: Arc::new(KnownSessions::new(changes)),
        })
    }

    /// For statements that only read.
    pub(crate) async fn read(&self) -> sqlx::Result<Reader<'_>> {
        self.readers.get().await
    }

    /// For statements that write, and hold together. The write lock is taken at once, so what the
    /// transaction reads stays true until it commits.
    pub(crate) async fn begin(&self) -> sqlx::Result<Write> {
        self.writer.begin().await
    }

    /// For one statement that writes; the same as [`Store::begin`].
    pub(crate) async fn begin_one(&self) -> sqlx::Result<Write> {
        self.begin().await
    }

    /// The living session with this token, and its user.
    pub(crate) async fn session(
        &self,
        token_hash: &str,
        alive: Alive,
    ) -> sqlx::Result<Option<Arc<SessionAndUser>>> {
        if let Some(known) = self.known_sessions.get(token_hash, alive) {
            return Ok(Some(known));
        }
        let before = self.known_sessions.before_read();
        let found = sessions::by_token_hash(&mut *self.read().await?, token_hash, alive).await?;
        let found = found.map(Arc::new);
        if let Some(found) = &found {
            self.known_sessions.keep(token_hash, found, &before);
        }
        Ok(found)
    }

    /// Finishes what is under way, folds the write-ahead log into the file, and closes.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        if let Err(error) = self.close_writer().await {
            tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
        }
    }
}
