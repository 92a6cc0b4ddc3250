//! Removes objects that have no row: what a crash left between the bytes and the row.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;

use super::super::Embedded;
use super::super::store::files;

/// Looks at what was there before this start; uploads under way are newer.
pub(crate) async fn sweep_orphans(embedded: &Embedded) {
    let started_at = SystemTime::now();
    if let Err(error) = sweep(embedded, started_at).await {
        tracing::warn!(error = format!("{error:#}"), "files without a row were not swept");
    }
}

async fn sweep(embedded: &Embedded, started_at: SystemTime) -> anyhow::Result<()> {
    let mut entries = tokio::fs::read_dir(embedded.objects.folder()).await?;
    while let Some(entry) = entries.next_entry().await? {
        if embedded.stopping.is_cancelled() {
            return Ok(());
        }
        let metadata = entry.metadata().await?;
        if !metadata.is_file() || metadata.modified()? >= started_at {
            continue;
        }
        let name = entry.file_name();
        let used = match name.to_str() {
            Some(name) => files::is_object_used(&mut *embedded.store.read().await?, name).await?,
            None => false,
        };
        if !used {
            remove(&entry.path()).await?;
        }
    }
    Ok(())
}

async fn remove(path: &Path) -> anyhow::Result<()> {
    tokio::fs::remove_file(path)
        .await
        .context("removing a file without a row")
}
