//! Every statement of the store is asked how it finds its rows.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use tempfile::TempDir;

use super::Store;

/// The files of statements.
const FILES: [(&str, &str); 12] = [
    ("access_tokens", include_str!("access_tokens.rs")),
    ("audit", include_str!("audit.rs")),
    ("buckets", include_str!("buckets.rs")),
    ("environment", include_str!("environment.rs")),
    ("files", include_str!("files.rs")),
    ("keys", include_str!("keys.rs")),
    ("mail_requests", include_str!("mail_requests.rs")),
    ("outbox", include_str!("outbox.rs")),
    ("probe", include_str!("probe.rs")),
    ("sessions", include_str!("sessions.rs")),
    ("sign_ups", include_str!("sign_ups.rs")),
    ("users", include_str!("users.rs")),
];

/// Statements that give or count a whole table, on purpose.
const WHOLE: [&str; 4] = [
    "SELECT id FROM environment",
    "SELECT * FROM keys",
    "SELECT * FROM buckets ORDER BY",
    "SELECT * FROM files ORDER BY",
];

/// The literals in a file that are statements, but for those of its tests.
fn statements(source: &str) -> Vec<&str> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    let literals = source.split('"').skip(1).step_by(2);
    literals
        .filter(|text| begins.iter().any(|begin| text.starts_with(begin)))
        .collect()
}

async fn plan(db: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explain).fetch_all(db).await;
    let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("plans.db")).await.unwrap();

    let mut db = store.read().await.unwrap();
    let (mut asked, mut scans) = (0, Vec::new());
    for (file, source) in FILES {
        for statement in statements(source) {
            asked += 1;
            if WHOLE.iter().any(|whole| statement.starts_with(whole)) {
                continue;
            }
            let plan = plan(&mut db, statement).await;
            // In the order of an index and with a limit, only that many rows are read.
            let limited = |step: &str| step.contains(" USING INDEX ") && statement.contains(" LIMIT ");
            // `SCAN CONSTANT ROW` reads no table.
            let scan =
                |step: &String| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" && !limited(step);
            if plan.iter().any(scan) {
                scans.push(format!("{file}: {statement}\n{plan:#?}"));
            }
        }
    }

    assert!(scans.is_empty(), "{}", scans.join("\n"));
    assert!(asked > 45, "only {asked} statements were found");
    drop(db);
    store.close().await;
}

/// Deleting a row asks every table that refers to it.
#[tokio::test]
async fn every_reference_has_an_index() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("plans.db")).await.unwrap();
    let references = "SELECT tables.name AS child, keys.\"from\" AS child_column
                      FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
                      WHERE tables.type = 'table'";

    let mut db = store.read().await.unwrap();
    let rows = sqlx::query(references).fetch_all(&mut *db).await.unwrap();

    assert!(rows.len() >= 5, "{}", rows.len());
    for row in rows {
        let (child, column): (String, String) = (row.get("child"), row.get("child_column"));
        let plan = plan(&mut db, &format!("SELECT 1 FROM {child} WHERE {column} = $1")).await;
        assert!(
            plan.iter().all(|step| step.starts_with("SEARCH ")),
            "{child}: {plan:?}"
        );
    }
    drop(db);
    store.close().await;
}
