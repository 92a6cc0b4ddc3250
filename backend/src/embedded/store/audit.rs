//! Statements on `audit_events`.

use sqlx::{Row, Sqlite, SqliteExecutor, query::Query, sqlite::SqliteArguments};

/// A row that is about to be added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRow<'a> {
    pub(crate) at: i64,
    pub(crate) subject: Option<&'a str>,
    pub(crate) is_account: bool,
    pub(crate) event: &'static str,
    pub(crate) refused: bool,
    pub(crate) reason: Option<&'static str>,
    pub(crate) count: i64,
    pub(crate) object: Option<&'a str>,
    pub(crate) network: Option<&'a str>,
    pub(crate) device: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) expires_at: i64,
}

/// A row as it stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub(crate) id: i64,
    pub(crate) at: i64,
    pub(crate) subject: Option<String>,
    pub(crate) is_account: bool,
    pub(crate) event: String,
    pub(crate) refused: bool,
    pub(crate) reason: Option<String>,
    pub(crate) count: i64,
    pub(crate) object: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Which rows of a list are wanted, newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    /// Only rows with a smaller id, as the last one of the page before; `i64::MAX`: the first page.
    pub(crate) before: i64,
    /// Only rows since then, in unix milliseconds.
    pub(crate) since: i64,
    /// Only rows of this event.
    pub(crate) event: Option<&'a str>,
    pub(crate) limit: i64,
}

/// Adds a row.
pub(crate) async fn insert(db: impl SqliteExecutor<'_>, row: &NewRow<'_>) -> sqlx::Result<()> {
    let statement =
        "INSERT INTO audit_events (at, subject, is_account, event, refused, reason, count, network,
                                   device, request_id, expires_at, object)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    bound(statement, row).bind(row.object).execute(db).await?;
    Ok(())
}

/// Adds a row for each session of the subject, except the one with the handle `keep`; gives the
/// handles.
pub(crate) async fn insert_for_sessions(
    db: impl SqliteExecutor<'_>,
    row: &NewRow<'_>,
    keep: Option<&str>,
) -> sqlx::Result<Vec<String>> {
    let statement =
        "INSERT INTO audit_events (at, subject, is_account, event, refused, reason, count, network,
                                   device, request_id, expires_at, object)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, id FROM sessions
         WHERE user_id = $2 AND id <> $12
         RETURNING object";
    let rows = bound(statement, row).bind(keep.unwrap_or_default());
    let rows = rows.fetch_all(db).await?;
    rows.iter().map(|row| row.try_get("object")).collect()
}

/// A statement with a row but its object in its first eleven places.
fn bound(statement: &'static str, row: &NewRow<'_>) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(statement)
        .bind(row.at)
        .bind(row.subject)
        .bind(row.is_account)
        .bind(row.event)
        .bind(row.refused)
        .bind(row.reason)
        .bind(row.count)
        .bind(row.network)
        .bind(row.device)
        .bind(row.request_id)
        .bind(row.expires_at)
}

/// A page of what happened to one account, or was asked of one unknown address, newest first.
pub(crate) async fn of_subject(
    db: impl SqliteExecutor<'_>,
    subject: &str,
    page: Page<'_>,
) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query_as(
        "SELECT * FROM audit_events
         WHERE subject = $1 AND id < $2 AND at >= $3 AND ($4 IS NULL OR event = $4)
         ORDER BY id DESC LIMIT $5",
    )
    .bind(subject)
    .bind(page.before)
    .bind(page.since)
    .bind(page.event)
    .bind(page.limit)
    .fetch_all(db)
    .await
}

/// A page of everything, newest first.
pub(crate) async fn latest(db: impl SqliteExecutor<'_>, page: Page<'_>) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query_as(
        "SELECT * FROM audit_events WHERE id < $1 AND at >= $2 AND ($3 IS NULL OR event = $3)
         ORDER BY id DESC LIMIT $4",
    )
    .bind(page.before)
    .bind(page.since)
    .bind(page.event)
    .bind(page.limit)
    .fetch_all(db)
    .await
}

/// Counts some of the rows that have expired, at most `limit`.
pub(crate) async fn count_expired(db: impl SqliteExecutor<'_>, now: i64, limit: i64) -> sqlx::Result<i64> {
    let ids = sqlx::query("SELECT id FROM audit_events WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .fetch_all(db)
        .await?;
    Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
}

/// Removes those that [`count_expired`] counts. The database refuses to remove others.
pub(crate) async fn delete_expired(db: impl SqliteExecutor<'_>, now: i64, limit: i64) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM audit_events WHERE id IN
         (SELECT id FROM audit_events WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    )
    .bind(now)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::Store;
    use super::*;

    const ROW: NewRow<'static> = NewRow {
        at: 1_000,
        subject: Some("0123456789abcdef01234567"),
        is_account: true,
        event: "sign-out",
        refused: false,
        reason: None,
        count: 1,
        object: None,
        network: None,
        device: None,
        request_id: None,
        expires_at: 5_000,
    };

    async fn store() -> (TempDir, Store) {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("audit.db")).await.unwrap();
        (folder, store)
    }

    async fn add(store: &Store, row: NewRow<'_>) {
        let mut tx = store.begin().await.unwrap();
        insert(&mut *tx, &row).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn run(store: &Store, statement: &'static str) -> String {
        let mut tx = store.begin().await.unwrap();
        let done = sqlx::query(statement).execute(&mut *tx).await;
        done.map_or_else(|error| error.to_string(), |done| done.rows_affected().to_string())
    }

    /// T-94.
    #[tokio::test]
    async fn a_row_cannot_be_changed_nor_removed_before_its_time() {
        let (_folder, store) = store().await;
        add(&store, ROW).await;

        for statement in [
            "UPDATE audit_events SET event = 'name-changed'",
            "UPDATE audit_events SET expires_at = 0",
            "DELETE FROM audit_events",
        ] {
            let refusal = run(&store, statement).await;
            assert!(
                refusal.contains("audit_events: rows are"),
                "{statement}: {refusal}"
            );
        }
        add(
            &store,
            NewRow {
                at: 5_000,
                expires_at: 9_000,
                ..ROW
            },
        )
        .await;
        assert_eq!(
            run(&store, "DELETE FROM audit_events WHERE expires_at = 5000").await,
            "1"
        );
        store.close().await;
    }

    #[tokio::test]
    async fn a_page_of_one_subject_reads_no_other_rows_and_sorts_nothing() {
        let (_folder, store) = store().await;

        let statement = "EXPLAIN QUERY PLAN SELECT * FROM audit_events
                         WHERE subject = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let plan = sqlx::query(statement)
            .fetch_all(&mut *store.read().await.unwrap())
            .await;
        let steps: Vec<String> = plan.unwrap().iter().map(|row| row.get("detail")).collect();

        let expected = "SEARCH audit_events USING INDEX audit_events_by_subject (subject=? AND rowid<?)";
        assert_eq!(steps, [expected]);
        store.close().await;
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_a_gap() {
        let (_folder, store) = store().await;
        for at in 0..5 {
            add(&store, NewRow { at, ..ROW }).await;
            add(
                &store,
                NewRow {
                    at,
                    subject: Some("another"),
                    ..ROW
                },
            )
            .await;
        }

        let (mut seen, mut before) = (Vec::new(), i64::MAX);
        loop {
            let page = Page {
                before,
                since: 1,
                event: Some("sign-out"),
                limit: 2,
            };
            let mut db = store.read().await.unwrap();
            let rows = of_subject(&mut *db, ROW.subject.unwrap(), page).await.unwrap();
            let Some(last) = rows.last() else { break };
            before = last.id;
            seen.extend(rows.iter().map(|row| row.at));
        }

        assert_eq!(seen, [4, 3, 2, 1]);
        store.close().await;
    }
}
