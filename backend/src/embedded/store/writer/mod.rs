//! [`Writer`]: the one connection that writes, and its transactions.
//!
//! Every failure ends in the same state: no transaction is open, and the next one can begin. So a
//! transaction is marked as open before it begins, and whatever finds the mark rolls back first: a
//! failed commit, a request that was cancelled between two statements, or a panic.

#[cfg(test)]
mod tests;

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
