//! [`Readers`]: the connections that read.
//!
//! sqlx's own pool asks a connection that comes back whether it still lives. For a file that is a
//! second errand to the connection's thread for each read, which cost as much as the first.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// A few connections, given to one reader each.
pub(super) struct Readers {
    /// The one that came back last is given first: its thread and its pages are warm.
    idle: Mutex<Vec<SqliteConnection>>,
    free: Semaphore,
    /// How long a reader waits for one.
    patience: Duration,
}

/// A connection until it is dropped.
pub(crate) struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<SqliteConnection>,
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    /// Opens `count` connections.
    pub(super) async fn open(
        options: &SqliteConnectOptions,
        count: usize,
        patience: Duration,
    ) -> sqlx::Result<Self> {
        let mut idle = Vec::with_capacity(count);
        for _ in 0..count {
            idle.push(options.connect().await?);
        }
        Ok(Self {
            idle: Mutex::new(idle),
            free: Semaphore::new(count),
            patience,
        })
    }

    /// A connection for one reader.
    ///
    /// # Errors
    /// `PoolTimedOut` when none is free in time, `PoolClosed` after the end.
    pub(super) async fn get(&self) -> sqlx::Result<Reader<'_>> {
        let turn = timeout(self.patience, self.free.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        Ok(Reader {
            readers: self,
            connection: self.idle().pop(),
            _turn: turn,
        })
    }

    /// Gives no connection any more, and closes those that nobody reads from.
    pub(super) async fn close(&self) {
        self.free.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a reading connection did not close well");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.idle().extend(self.connection.take());
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect(HELD)
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect(HELD)
    }
}

/// Each turn has its connection: both come and go together, the connection back first.
const HELD: &str = "there are as many connections as turns";

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    async fn two_readers(folder: &TempDir, patience: Duration) -> Readers {
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("read.db"))
            .create_if_missing(true);
        Readers::open(&options, 2, patience).await.unwrap()
    }

    async fn one(reader: &mut Reader<'_>) -> i64 {
        sqlx::query_scalar("SELECT 1")
            .fetch_one(&mut **reader)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn everybody_is_served_in_turn() {
        let folder = TempDir::new().unwrap();
        let readers = two_readers(&folder, Duration::from_mins(1)).await;
        let read = async || one(&mut readers.get().await.unwrap()).await;

        let read = tokio::join!(read(), read(), read(), read());

        assert_eq!(read, (1, 1, 1, 1));
    }

    #[tokio::test]
    async fn who_leaves_in_the_middle_gives_a_sound_connection_back() {
        let folder = TempDir::new().unwrap();
        let readers = two_readers(&folder, Duration::from_mins(1)).await;
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n";
        for _ in 0..4 {
            let mut reader = readers.get().await.unwrap();
            let all = sqlx::query(many).fetch_all(&mut *reader);
            assert!(timeout(Duration::ZERO, all).await.is_err(), "it takes longer");
        }

        let mut first = readers.get().await.unwrap();
        let mut second = readers.get().await.unwrap();

        assert_eq!((one(&mut first).await, one(&mut second).await), (1, 1));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let folder = TempDir::new().unwrap();
        let readers = two_readers(&folder, Duration::from_millis(1)).await;
        let _held = (readers.get().await.unwrap(), readers.get().await.unwrap());

        assert!(matches!(
            readers.get().await.err(),
            Some(sqlx::Error::PoolTimedOut)
        ));
        readers.close().await;
        assert!(matches!(readers.get().await.err(), Some(sqlx::Error::PoolClosed)));
    }
}
