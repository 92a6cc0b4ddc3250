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
