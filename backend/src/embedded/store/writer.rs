//! [`Writer`]: the one connection that writes, and transactions that share a commit.
//!
//! A commit waits for the disk, some thousand times longer than a statement takes. So a
//! transaction that is done lets those that queue behind it go first, each in a savepoint unless it
//! is a single statement, and commits all of them at once. None is answered before that commit: what was answered is on the
//! disk.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use super::changes::Changes;

/// The connection that writes; clones share it.
#[derive(Clone)]
pub(super) struct Writer {
    // Whoever asks is served in order, which is what bounds a shared commit.
    turn: Arc<Mutex<Turn>>,
    /// How long a write waits for its turn.
    patience: Duration,
}

struct Turn {
    /// `None` once it is closed.
    connection: Option<SqliteConnection>,
    /// Who is done and waits for the commit, in a transaction that is open as long as there is one.
    done: Vec<oneshot::Sender<sqlx::Result<()>>>,
    /// Hears of the end of every transaction before anybody is answered.
    changes: Arc<Changes>,
}

/// What is whole or not at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Everything until the commit.
    Transaction,
    /// One statement, as it is by itself: the statements that hold transactions together are spared.
    Statement,
}

/// A write transaction; without [`Write::commit`] it is rolled back.
pub(crate) struct Write {
    writer: Writer,
    /// Whether it is in somebody else's transaction, and where it began is not marked.
    unmarked: bool,
    /// Taken when it ends.
    turn: Option<OwnedMutexGuard<Turn>>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, changes: Arc<Changes>, patience: Duration) -> Self {
        let turn = Turn {
            connection: Some(connection),
            done: Vec::new(),
            changes,
        };
        Self {
            turn: Arc::new(Mutex::new(turn)),
            patience,
        }
    }

    /// Begins a transaction, which holds the write lock at once.
    ///
    /// # Errors
    /// `PoolTimedOut` when its turn does not come in time, `PoolClosed` after the end, and what
    /// SQLite says.
    pub(super) async fn begin(&self, unit: Unit) -> sqlx::Result<Write> {
        let turn = timeout(self.patience, self.turn.clone().lock_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?;
        let writer = self.clone();
        if unit == Unit::Statement && !turn.done.is_empty() {
            return Ok(Write {
                writer,
                unmarked: true,
                turn: Some(turn),
            });
        }
        // On a task of its own: a caller who leaves in the middle must not leave half a step.
        let begun = tokio::spawn(async move {
            let mut turn = turn;
            let begin = if turn.done.is_empty() {
                "BEGIN IMMEDIATE"
            } else {
                "SAVEPOINT one"
            };
            turn.run(begin).await?;
            Ok(Write {
                writer,
                unmarked: false,
                turn: Some(turn),
            })
        });
        begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Finishes what is under way and closes the connection.
    pub(super) async fn close(&self) -> sqlx::Result<()> {
        let mut turn = self.turn.lock().await;
        turn.commit().await;
        let Some(mut connection) = turn.connection.take() else {
            return Ok(());
        };
        // Folds the write-ahead log into the file.
        let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await;
        sqlx::Connection::close(connection).await?;
        folded.map(drop)
    }

    /// Ends a transaction's turn; `answer` is told when it is on the disk.
    async fn end(&self, mut turn: OwnedMutexGuard<Turn>, answer: oneshot::Sender<sqlx::Result<()>>) {
        if turn.done.is_empty() {
            turn.done.push(answer);
            drop(turn);
            // Behind everybody who waits already: they all get into this commit.
            self.turn.lock().await.commit().await;
        } else {
            let ended = turn.run("RELEASE one").await;
            turn.done.push(answer);
            if let Err(error) = ended {
                turn.fail(&error).await;
            }
        }
    }

    async fn roll_back(mut turn: OwnedMutexGuard<Turn>) {
        if turn.done.is_empty() {
            // There is nothing to roll back after some errors, and nobody to tell.
            drop(turn.run("ROLLBACK").await);
            turn.changes.end();
            return;
        }
        let ended = match turn.run("ROLLBACK TO one").await {
            Ok(()) => turn.run("RELEASE one").await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            // SQLite gave the whole transaction up, for want of space for example.
            turn.fail(&error).await;
        }
    }
}

impl Turn {
    async fn run(&mut self, statement: &'static str) -> sqlx::Result<()> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query(statement).execute(connection).await.map(drop)
    }

    /// Commits for everybody who is done; without any, there is nothing to commit.
    async fn commit(&mut self) {
        if self.done.is_empty() {
            return;
        }
        match self.run("COMMIT").await {
            Ok(()) => {
                self.changes.end();
                self.answer(|| Ok(()));
            }
            Err(error) => self.fail(&error).await,
        }
    }

    async fn fail(&mut self, error: &sqlx::Error) {
        tracing::error!(%error, writes = self.done.len(), "writes were not committed");
        drop(self.run("ROLLBACK").await);
        self.changes.end();
        let text = format!("a commit failed: {error}");
        self.answer(|| Err(sqlx::Error::Io(std::io::Error::other(text.clone()))));
    }

    fn answer(&mut self, result: impl Fn() -> sqlx::Result<()>) {
        for waiting in self.done.drain(..) {
            // Who left does not miss it.
            drop(waiting.send(result()));
        }
    }
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
        let (answer, answered) = oneshot::channel();
        if self.unmarked {
            turn.done.push(answer);
            drop(turn);
        } else {
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.end(turn, answer).await });
        }
        answered.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        let turn = self.turn.take();
        if self.unmarked {
            // A statement that failed left nothing. One whose caller has left may stand: it is as if
            // the answer had been lost.
            return;
        }
        if let (Some(turn), Ok(runtime)) = (turn, Handle::try_current()) {
            runtime.spawn(Writer::roll_back(turn));
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

/// Only [`Writer::close`] closes the connection, and it needs the turn that the transaction has.
const OPEN: &str = "the connection is open as long as a transaction has its turn";

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
    use tempfile::TempDir;

    use super::*;

    /// A writer on a table `notes`, and what it commits.
    struct Notes {
        writer: Writer,
        commits: Arc<AtomicUsize>,
        disk_is_full: Arc<AtomicBool>,
        database: SqliteConnectOptions,
        _folder: TempDir,
    }

    impl Notes {
        async fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let database = SqliteConnectOptions::new()
                .filename(folder.path().join("notes.db"))
                .create_if_missing(true);
            let mut connection = database.connect().await.unwrap();
            sqlx::query("CREATE TABLE notes (text TEXT)")
                .execute(&mut connection)
                .await
                .unwrap();
            let (commits, disk_is_full) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
            let hook = (commits.clone(), disk_is_full.clone());
            connection.lock_handle().await.unwrap().set_commit_hook(move || {
                hook.0.fetch_add(1, Ordering::Relaxed);
                !hook.1.load(Ordering::Relaxed)
            });
            Self {
                writer: Writer::new(connection, Arc::new(Changes::new()), Duration::from_mins(1)),
                commits,
                disk_is_full,
                database,
                _folder: folder,
            }
        }

        async fn write(&self, text: &str) -> sqlx::Result<()> {
            let mut tx = self.writer.begin(Unit::Transaction).await?;
            note(&mut tx, text).await?;
            tx.commit().await
        }

        /// What everybody else sees.
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

    /// Lets a future queue for its turn.
    fn queue<F: Future>(future: F) -> Pin<Box<F>> {
        let mut future = Box::pin(future);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending), "its turn has not come");
        future
    }

    #[tokio::test]
    async fn those_who_wait_share_one_commit() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let (second, third) = (queue(notes.write("b")), queue(notes.write("c")));

        let results = tokio::join!(first.commit(), second, third);

        assert!(matches!(results, (Ok(()), Ok(()), Ok(()))), "{results:?}");
        assert_eq!(notes.commits.load(Ordering::Relaxed), 1);
        assert_eq!(notes.read().await, ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn a_single_statement_shares_a_commit_and_fails_alone() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let single = |statement: &'static str| {
            let notes = &notes;
            queue(async move {
                let mut tx = notes.writer.begin(Unit::Statement).await?;
                sqlx::query(statement).execute(&mut *tx).await?;
                tx.commit().await
            })
        };
        let (second, third) = (
            single("INSERT INTO notes VALUES ('b')"),
            single("INSERT INTO nothing"),
        );
        let fourth = single("INSERT INTO notes VALUES ('d')");

        let results = tokio::join!(first.commit(), second, third, fourth);

        assert!(matches!(results, (Ok(()), Ok(()), Err(_), Ok(()))), "{results:?}");
        assert_eq!(notes.commits.load(Ordering::Relaxed), 1);
        assert_eq!(notes.read().await, ["a", "b", "d"]);
    }

    #[tokio::test]
    async fn a_single_statement_alone_is_committed() {
        let notes = Notes::new().await;
        let mut tx = notes.writer.begin(Unit::Statement).await.unwrap();
        note(&mut tx, "a").await.unwrap();

        tx.commit().await.unwrap();

        assert_eq!(notes.read().await, ["a"]);
    }

    #[tokio::test]
    async fn nobody_is_answered_before_the_commit() {
        let notes = Notes::new().await;
        let first = notes.writer.begin(Unit::Transaction).await.unwrap();
        let second = queue(notes.writer.begin(Unit::Transaction));
        let mut first = queue(first.commit());
        let mut second = second.await.unwrap();
        note(&mut second, "b").await.unwrap();

        let answered = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(answered.is_pending());
        assert!(notes.read().await.is_empty());

        drop(second);
        first.await.unwrap();
    }

    #[tokio::test]
    async fn who_gives_up_takes_back_only_their_own() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let given_up = queue(async {
            let mut tx = notes.writer.begin(Unit::Transaction).await?;
            note(&mut tx, "b").await
        });
        let third = queue(notes.write("c"));

        let results = tokio::join!(first.commit(), given_up, third);

        assert!(matches!(results, (Ok(()), Ok(()), Ok(()))), "{results:?}");
        assert_eq!(notes.read().await, ["a", "c"]);
    }

    #[tokio::test]
    async fn who_leaves_while_waiting_delays_nobody() {
        let notes = Notes::new().await;
        let first = notes.writer.begin(Unit::Transaction).await.unwrap();
        let leaving = queue(notes.write("b"));
        let third = queue(notes.write("c"));

        drop(leaving);
        let results = tokio::join!(first.commit(), third);

        assert!(matches!(results, (Ok(()), Ok(()))), "{results:?}");
        assert_eq!(notes.read().await, ["c"]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_nobodys_success() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let second = queue(notes.write("b"));
        notes.disk_is_full.store(true, Ordering::Relaxed);

        let results = tokio::join!(first.commit(), second);

        assert!(matches!(results, (Err(_), Err(_))), "{results:?}");
        notes.disk_is_full.store(false, Ordering::Relaxed);
        notes.write("c").await.unwrap();
        assert_eq!(notes.read().await, ["c"]);
    }

    #[tokio::test]
    async fn when_sqlite_gives_the_transaction_up_everybody_in_it_is_told() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let second = queue(async {
            let mut tx = notes.writer.begin(Unit::Transaction).await?;
            // As SQLite does by itself when the disk is full.
            sqlx::query("ROLLBACK").execute(&mut *tx).await?;
            tx.commit().await
        });

        let results = tokio::join!(first.commit(), second);

        assert!(matches!(results, (Err(_), Err(_))), "{results:?}");
        notes.write("c").await.unwrap();
        assert_eq!(notes.read().await, ["c"]);
    }

    #[tokio::test]
    async fn closing_finishes_what_is_under_way() {
        let notes = Notes::new().await;
        let mut first = notes.writer.begin(Unit::Transaction).await.unwrap();
        note(&mut first, "a").await.unwrap();
        let closing = queue(notes.writer.close());

        let results = tokio::join!(first.commit(), closing);

        assert!(matches!(results, (Ok(()), Ok(()))), "{results:?}");
        assert!(matches!(
            notes.writer.begin(Unit::Transaction).await,
            Err(sqlx::Error::PoolClosed)
        ));
        assert_eq!(notes.read().await, ["a"]);
    }
}
