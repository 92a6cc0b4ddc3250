//! Removes what an interruption left behind: objects without a row, and pictures of our app that no
//! user shows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::Embedded;
use super::super::clock::as_ms;
use super::super::store::files::{self, PictureRow};

/// What is younger may still be under way: a file is written before its row, and a picture before it
/// is shown.
const SAFE_AGE: Duration = Duration::from_hours(1);
/// How many rows are read at once.
const AT_ONCE: i64 = 500;

/// Removes what was left behind more than an hour ago.
pub(crate) async fn sweep_orphans(embedded: &Embedded) {
    let before = embedded.settings.clock.now_ms() - as_ms(SAFE_AGE);
    if let Err(error) = sweep_pictures(embedded, before).await {
        tracing::warn!(
            error = format!("{error:#}"),
            "pictures that no user shows were not swept"
        );
    }
    if let Err(error) = sweep_objects(embedded, before).await {
        tracing::warn!(error = format!("{error:#}"), "files without a row were not swept");
    }
}

/// Whether it is a file that the app made, with the names and the kind that it gives; the tag is
/// asked for by the statement. Others' pictures are theirs.
fn is_of_our_app(embedded: &Embedded, picture: &PictureRow) -> bool {
    let random = picture
        .name
        .strip_prefix("avatar-")
        .and_then(|name| name.strip_suffix(".webp"));
    let is_random = |text: &str| {
        text.len() == 22
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    picture.bucket_id == embedded.environment_id
        && picture.mime_type == "image/webp"
        && random.is_some_and(is_random)
}

fn is_shown(id: &str, shown: Option<&str>) -> bool {
    shown.is_some_and(|address| address.contains(id))
}

async fn sweep_pictures(embedded: &Embedded, before: i64) -> anyhow::Result<()> {
    let mut seen = (0, String::new());
    loop {
        let mut db = embedded.store.read().await?;
        let pictures = files::pictures(&mut *db, (seen.0, &seen.1), before, AT_ONCE).await?;
        drop(db);
        let Some(last) = pictures.last() else {
            return Ok(());
        };
        let next = (last.uploaded_at, last.id.clone());
        for picture in &pictures {
            if embedded.stopping.is_cancelled() {
                return Ok(());
            }
            if is_of_our_app(embedded, picture) && !is_shown(&picture.id, picture.shown.as_deref()) {
                remove_picture(embedded, picture).await?;
            }
        }
        seen = next;
    }
}

async fn remove_picture(embedded: &Embedded, picture: &PictureRow) -> anyhow::Result<()> {
    let mut tx = embedded.store.begin().await?;
    let shown = files::shown_by_owner(&mut *tx, &picture.id).await?;
    if is_shown(&picture.id, shown.as_deref()) {
        return Ok(());
    }
    files::delete(&mut *tx, &picture.id).await?;
    tx.commit().await?;
    embedded.objects.delete(&picture.object_name).await
}

async fn sweep_objects(embedded: &Embedded, before: i64) -> anyhow::Result<()> {
    let mut entries = tokio::fs::read_dir(embedded.objects.folder()).await?;
    while let Some(entry) = entries.next_entry().await? {
        if embedded.stopping.is_cancelled() {
            return Ok(());
        }
        match sweep_object(embedded, &entry, before).await {
            Ok(()) => {}
            // Removed since the folder was read.
            Err(error) if is_not_found(&error) => {}
            // One file that cannot be removed must not hold up the others.
            Err(error) => tracing::warn!(error = format!("{error:#}"), "a file without a row stays"),
        }
    }
    Ok(())
}

async fn sweep_object(embedded: &Embedded, entry: &tokio::fs::DirEntry, before: i64) -> anyhow::Result<()> {
    let metadata = entry.metadata().await?;
    if !metadata.is_file() || unix_ms(metadata.modified()?) >= before {
        return Ok(());
    }
    let used = match entry.file_name().to_str() {
        // Asked first: it gets its row before it is no longer under way.
        Some(name) if embedded.objects.is_under_way(name) => true,
        Some(name) => files::is_object_used(&mut *embedded.store.read().await?, name).await?,
        None => false,
    };
    if !used {
        tokio::fs::remove_file(entry.path()).await?;
    }
    Ok(())
}

fn unix_ms(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, as_ms)
}

fn is_not_found(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
