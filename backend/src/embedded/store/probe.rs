//! Proves that the database can be written.

use std::time::Duration;

use tokio::time::timeout;

use super::Store;

/// A write that takes longer is none that an account could wait for.
const PATIENCE: Duration = Duration::from_secs(3);

impl Store {
    /// Commits a change of one row to the disk.
    ///
    /// # Errors
    /// `PoolTimedOut` after three seconds, and what SQLite says.
    pub(crate) async fn prove_writable(&self, now: i64) -> sqlx::Result<()> {
        let write = async {
            let mut tx = self.begin().await?;
            sqlx::query(
                "INSERT INTO write_probe (id, written_at) VALUES (1, $1)
                 ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
            )
            .bind(now)
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        };
        timeout(PATIENCE, write)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
