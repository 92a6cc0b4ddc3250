//! What a database file says of itself.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

/// What SQLite finds wrong with the database: empty for a good one.
///
/// # Errors
/// When it cannot be read.
pub async fn problems(database: &Path) -> sqlx::Result<Vec<String>> {
    let url = format!("sqlite://{}", database.display());
    let mut connection = SqliteConnection::connect(&url).await?;
    let mut problems: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await?;
    problems.retain(|problem| problem != "ok");
    let orphans = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut connection)
        .await?;
    problems.extend(orphans.iter().map(|_| "a row refers to nothing".to_owned()));
    connection.close().await?;
    Ok(problems)
}
