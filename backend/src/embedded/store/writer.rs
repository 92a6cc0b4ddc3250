//! [`Writer`]: the one connection that writes, and its transactions.
//!
//! Every failure ends in the same state: no transaction is open, and the next one can begin. So a
//! transaction is marked as open before it begins, and whatever finds the mark rolls back first: a
//! failed commit, a request that was cancelled between two statements, or a panic.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::changes::Changes;

/// The connection that writes; clones share it.
#[derive(Clone)]
pub(super) struct Writer {
    turn: Arc<Mutex<Turn>>,
    /// How long a write waits for its turn.
    patience: Duration,
    /// Whether the database is being written anew, which is worth waiting for.
    is_written_anew: Arc<AtomicBool>,
}

/// How long a write waits while the database is written anew.
const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// Until it is dropped, writes wait longer for their turn.
pub(super) struct Anew(Arc<AtomicBool>);

impl Drop for Anew {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

pub(super) struct Turn {
    options: SqliteConnectOptions,
    /// `None` after the end, and after a connection was lost.
    connection: Option<SqliteConnection>,
    /// Whether a transaction may be open that has no owner any more.
    open: bool,
    closed: bool,
    /// Is told of the end of every transaction before its owner is.
    changes: Arc<Changes>,
}

/// A write transaction; without [`Write::commit`] it is rolled back.
pub(crate) struct Write {
    /// Taken when it ends.
    turn: Option<OwnedMutexGuard<Turn>>,
}

impl Writer {
    /// A writer on a new connection. `patience` is how long a write waits for its turn.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        changes: Arc<Changes>,
        patience: Duration,
    ) -> sqlx::Result<Self> {
        let mut turn = Turn {
            options,
            connection: None,
            open: false,
            closed: false,
            changes,
        };
        turn.idle().await?;
        Ok(Self {
            turn: Arc::new(Mutex::new(turn)),
            patience,
            is_written_anew: Arc::default(),
        })
    }

    /// Tells writes that the database is written anew, as long as the value is kept.
    pub(super) fn write_anew(&self) -> Anew {
        self.is_written_anew.store(true, Ordering::Relaxed);
        Anew(Arc::clone(&self.is_written_anew))
    }

    /// Begins a transaction, which holds the write lock at once.
    ///
    /// # Errors
    /// `PoolTimedOut` when its turn does not come in time, `PoolClosed` after the end, and what
    /// SQLite says.
    pub(super) async fn begin(&self) -> sqlx::Result<Write> {
        let patience = if self.is_written_anew.load(Ordering::Relaxed) {
            LONG_PATIENCE
        } else {
            self.patience
        };
        let turn = timeout(patience, self.turn.clone().lock_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?;
        // A caller that leaves while the transaction begins drops this, which rolls back.
        let mut write = Write { turn: Some(turn) };
        if let Some(turn) = &mut write.turn {
            turn.begin().await?;
        }
        Ok(write)
    }

    /// The connection without a transaction, for statements that SQLite allows only there. Waits
    /// for its turn without a limit; writes wait meanwhile.
    pub(super) async fn alone(&self) -> OwnedMutexGuard<Turn> {
        self.turn.clone().lock_owned().await
    }
}

impl Turn {
    /// The connection, with no transaction open; a lost one is opened again.
    ///
    /// # Errors
    /// `PoolClosed` after the end, and what SQLite says.
    pub(super) async fn idle(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        if self.open {
            self.roll_back().await;
        }
        self.connected().await
    }

    /// What it tells of changes.
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Rolls back what is open, and closes the connection. There is none afterwards.
    pub(super) async fn close(&mut self) -> sqlx::Result<()> {
        if self.open {
            self.roll_back().await;
        }
        self.closed = true;
        match self.connection.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }

    async fn connected(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        if self.closed {
            return Err(sqlx::Error::PoolClosed);
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn connect(&self) -> sqlx::Result<SqliteConnection> {
        let mut connection = self.options.connect().await?;
        let changes = Arc::clone(&self.changes);
        connection
            .lock_handle()
            .await?
            .set_update_hook(move |row| changes.write(row.table, row.rowid));
        Ok(connection)
    }

    async fn begin(&mut self) -> sqlx::Result<()> {
        self.idle().await?;
        self.open = true;
        let mut begun = self.run("BEGIN IMMEDIATE").await;
        if begun.as_ref().is_err_and(|error| !is_passing(error)) {
            tracing::warn!("the writing connection was lost and is opened again");
            self.lose().await;
            begun = self.run("BEGIN IMMEDIATE").await;
        }
        if begun.is_err() {
            self.open = false;
        }
        begun
    }

    async fn commit(&mut self) -> sqlx::Result<()> {
        match self.run("COMMIT").await {
            Ok(()) => {
                self.open = false;
                self.changes.end();
                Ok(())
            }
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    async fn roll_back(&mut self) {
        if let Err(error) = self.run("ROLLBACK").await
            // SQLite gives a transaction up by itself after some errors.
            && !says_nothing_is_open(&error)
        {
            self.lose().await;
        }
        self.open = false;
        self.changes.end();
    }

    /// Gives the connection up. Whatever state it is in, closing ends it.
    async fn lose(&mut self) {
        if let Some(connection) = self.connection.take() {
            // It may be broken in any way; a new one takes its place.
            drop(connection.close().await);
        }
    }

    async fn run(&mut self, statement: &'static str) -> sqlx::Result<()> {
        let connection = self.connected().await?;
        sqlx::query(statement).execute(connection).await.map(drop)
    }
}

/// SQLite's primary codes BUSY, LOCKED, READONLY, IOERR and FULL: the connection is sound, and the
/// statement works again once the disk does.
pub(super) fn is_passing(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6 | 8 | 10 | 13))
}

fn says_nothing_is_open(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(1)
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

impl Write {
    /// Returns when everything is on the disk.
    ///
    /// # Errors
    /// When nothing of it is there.
    pub(crate) async fn commit(mut self) -> sqlx::Result<()> {
        let Some(mut turn) = self.turn.take() else {
            return Err(sqlx::Error::PoolClosed);
        };
        // On a task of its own: a caller that leaves must not leave it undecided.
        let committed = tokio::spawn(async move { turn.commit().await });
        committed.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if let Some(mut turn) = self.turn.take()
            && turn.open
            // Without a runtime, the next transaction rolls this one back.
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move { turn.roll_back().await });
        }
    }
}

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.turn
            .as_ref()
            .and_then(|turn| turn.connection.as_ref())
            .expect(OPEN)
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.turn
            .as_mut()
            .and_then(|turn| turn.connection.as_mut())
            .expect(OPEN)
    }
}

/// Only what has the turn takes the connection away, and the transaction has it.
const OPEN: &str = "the connection is open as long as a transaction has its turn";

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use tempfile::TempDir;

    use super::*;

    /// A writer on a table `notes`.
    struct Notes {
        writer: Writer,
        disk_is_full: Arc<AtomicBool>,
        database: SqliteConnectOptions,
        _folder: TempDir,
    }

    impl Notes {
        async fn new() -> Self {
            Self::with_patience(Duration::from_mins(1)).await
        }

        async fn with_patience(patience: Duration) -> Self {
            let folder = TempDir::new().unwrap();
            let database = SqliteConnectOptions::new()
                .filename(folder.path().join("notes.db"))
                .create_if_missing(true);
            let writer = Writer::open(database.clone(), Arc::new(Changes::new()), patience)
                .await
                .unwrap();
            let disk_is_full = Arc::<AtomicBool>::default();
            let mut turn = writer.alone().await;
            let connection = turn.idle().await.unwrap();
            sqlx::query("CREATE TABLE notes (text TEXT)")
                .execute(&mut *connection)
                .await
                .unwrap();
            let full = disk_is_full.clone();
            connection
                .lock_handle()
                .await
                .unwrap()
                .set_commit_hook(move || !full.load(Ordering::Relaxed));
            drop(turn);
            Self {
                writer,
                disk_is_full,
                database,
                _folder: folder,
            }
        }

        async fn write(&self, text: &str) -> sqlx::Result<()> {
            let mut tx = self.writer.begin().await?;
            note(&mut tx, text).await?;
            tx.commit().await
        }

        /// What other connections see.
        async fn read(&self) -> Vec<String> {
            let mut connection = self.database.connect().await.unwrap();
            let texts = sqlx::query_scalar("SELECT text FROM notes ORDER BY rowid");
            texts.fetch_all(&mut connection).await.unwrap()
        }
    }

    async fn note(tx: &mut Write, text: &str) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO notes VALUES ($1)")
            .bind(text)
            .execute(&mut **tx)
            .await
            .map(drop)
    }

    /// Lets a future come as far as it can at once.
    fn begin<F: Future>(future: F) -> Pin<Box<F>> {
        let mut future = Box::pin(future);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending), "it is not done at once");
        future
    }

    #[tokio::test]
    async fn writes_take_turns() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin().await.unwrap();
        note(&mut first, "a").await.unwrap();
        let second = begin(notes.write("b"));

        let results = tokio::join!(first.commit(), second);

        assert!(matches!(results, (Ok(()), Ok(()))), "{results:?}");
        assert_eq!(notes.read().await, ["a", "b"]);
    }

    #[tokio::test]
    async fn a_write_whose_turn_does_not_come_is_told_so() {
        let notes = Notes::with_patience(Duration::from_millis(1)).await;
        let first = notes.writer.begin().await.unwrap();

        let second = notes.write("b").await;

        assert!(matches!(second, Err(sqlx::Error::PoolTimedOut)), "{second:?}");
        first.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_dropped_is_rolled_back() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin().await.unwrap();
        note(&mut first, "a").await.unwrap();

        drop(first);

        notes.write("b").await.unwrap();
        assert_eq!(notes.read().await, ["b"]);
    }

    /// At every point: before its turn, in the middle of `BEGIN`, of a statement, and of `COMMIT`.
    #[tokio::test]
    async fn a_caller_that_leaves_at_any_point_leaves_no_transaction_open() {
        let notes = Notes::new().await;
        for polls in 1..40 {
            let mut leaving = Box::pin(notes.write("leaving"));
            for _ in 0..polls {
                let polled = leaving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if polled.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
                std::thread::yield_now();
            }
            drop(leaving);

            notes.write("b").await.unwrap();
        }
        let stayed = notes.read().await;
        assert_eq!(stayed.iter().filter(|text| *text == "b").count(), 39);
    }

    #[tokio::test]
    async fn a_failed_commit_leaves_nothing_and_the_next_one_works() {
        let notes = Notes::new().await;
        notes.disk_is_full.store(true, Ordering::Relaxed);

        let failed = notes.write("a").await;

        assert!(failed.is_err(), "{failed:?}");
        notes.disk_is_full.store(false, Ordering::Relaxed);
        notes.write("b").await.unwrap();
        assert_eq!(notes.read().await, ["b"]);
    }

    #[tokio::test]
    async fn a_failed_commit_fails_no_other_request() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin().await.unwrap();
        note(&mut first, "a").await.unwrap();
        let second = begin(notes.write("b"));
        // As SQLite does by itself when the disk is full.
        sqlx::query("ROLLBACK").execute(&mut *first).await.unwrap();

        let results = tokio::join!(first.commit(), second);

        assert!(matches!(results, (Err(_), Ok(()))), "{results:?}");
        assert_eq!(notes.read().await, ["b"]);
    }

    #[tokio::test]
    async fn a_panic_in_the_middle_does_not_end_writing() {
        let notes = Notes::new().await;
        let writer = notes.writer.clone();

        let panicked = tokio::spawn(async move {
            let mut tx = writer.begin().await.unwrap();
            note(&mut tx, "a").await.unwrap();
            panic!("in the middle");
        });

        assert!(panicked.await.is_err());
        notes.write("b").await.unwrap();
        assert_eq!(notes.read().await, ["b"]);
    }

    #[tokio::test]
    async fn a_lost_connection_is_opened_again() {
        let notes = Notes::new().await;
        let mut turn = notes.writer.alone().await;
        // A state that no transaction of ours leaves behind.
        let connection = turn.idle().await.unwrap();
        sqlx::query("BEGIN").execute(connection).await.unwrap();
        drop(turn);

        notes.write("b").await.unwrap();

        assert_eq!(notes.read().await, ["b"]);
    }

    #[tokio::test]
    async fn closing_waits_for_what_is_under_way() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin().await.unwrap();
        note(&mut first, "a").await.unwrap();
        let closing = begin(async { notes.writer.alone().await.close().await });

        let results = tokio::join!(first.commit(), closing);

        assert!(matches!(results, (Ok(()), Ok(()))), "{results:?}");
        assert!(matches!(
            notes.writer.begin().await.err(),
            Some(sqlx::Error::PoolClosed)
        ));
        assert_eq!(notes.read().await, ["a"]);
    }
}
