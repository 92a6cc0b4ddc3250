//! Trouble with the disk, the log and the rights of files, as an administrator meets it.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use image::ImageFormat;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use support::{Client, SmallDisk, TestBinary, eventually, limit_files, picture, start_by};
use tempfile::TempDir;

use super::PASSWORD;

async fn join(binary: &TestBinary) -> Client {
    let client = binary.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    client
}

/// Requests that each log something, while the database is locked: they are answered, and so is what
/// follows.
async fn use_it(binary: &TestBinary) {
    let client = join(binary).await;
    let database = SqliteConnectOptions::new().filename(binary.data_dir().join("latchkey.db"));
    let mut other = database.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(client.rename("Ada King").await.status, 503);
    lock.rollback().await.unwrap();
    assert_eq!(client.rename("Ada King").await.status, 200);
    let is_ready = eventually(async || (client.get("/readyz").await.status == 200).then_some(()));
    assert!(is_ready.await.is_some(), "not ready");
}

/// SECURITY-BAR T-87, T-89.
#[tokio::test]
async fn a_log_on_a_full_disk_costs_neither_requests_nor_the_orderly_end() {
    let folder = TempDir::new().unwrap();
    let line = "exec latchkey 2>/dev/full";
    let mut binary = start_by(&folder, line, &[("RUST_LOG", "debug")]).await;

    use_it(&binary).await;

    assert_eq!(binary.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn a_closed_log_pipe_costs_neither_requests_nor_the_orderly_end() {
    let folder = TempDir::new().unwrap();
    // Its reader ends at once.
    let line = "mkfifo pipe; (exec <pipe) & exec latchkey 2>pipe";
    let mut binary = start_by(&folder, line, &[("RUST_LOG", "debug")]).await;

    use_it(&binary).await;

    assert_eq!(binary.terminate().await.code(), Some(0));
}

/// A pipe holds 64 KiB, then a writer waits.
#[tokio::test]
async fn a_log_that_is_not_read_holds_up_neither_requests_nor_the_end() {
    let folder = TempDir::new().unwrap();
    let line = "mkfifo pipe; exec 3<>pipe; exec latchkey 2>pipe";
    let mut binary = start_by(&folder, line, &[("RUST_LOG", "trace")]).await;

    use_it(&binary).await;

    assert_eq!(binary.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn closed_standard_streams_are_no_reason_to_end() {
    let folder = TempDir::new().unwrap();
    // The line that says it is ready is the last one that is read.
    let line = "exec latchkey 2>&-";
    let mut binary = start_by(&folder, line, &[]).await;

    use_it(&binary).await;

    assert_eq!(binary.terminate().await.code(), Some(0));
}

/// SECURITY-BAR T-87.
#[tokio::test]
async fn a_full_disk_with_the_log_on_it_ends_writing_only_until_there_is_room() {
    let mut binary = TestBinary::start(&[("RATE_LIMITS", "off"), ("RUST_LOG", "debug")]).await;
    let client = join(&binary).await;
    if !limit_files(&binary, "0") {
        return;
    }

    for _ in 0..3 {
        assert_eq!(client.rename("Ada King").await.status, 503);
        assert_eq!(client.profile().await.status, 200, "reading goes on");
        assert_eq!(binary.client().get("/healthz").await.status, 200);
    }
    let is_away = eventually(async || (client.get("/readyz").await.status == 503).then_some(()));
    assert!(is_away.await.is_some(), "it says that it is ready");
    limit_files(&binary, "unlimited");

    assert_eq!(client.rename("Ada King").await.status, 200);
    let is_back = eventually(async || (client.get("/readyz").await.status == 200).then_some(()));
    assert!(is_back.await.is_some(), "it does not come back");
    assert_eq!(binary.terminate().await.code(), Some(0));
    let log = binary.log();
    assert!(log.contains("lines of the log could not be written"), "{log}");
    binary.restart().await;
    assert_eq!(
        binary.client().sign_in("ada@example.com", PASSWORD).await.status,
        200
    );
}

/// SECURITY-BAR T-87.
#[tokio::test]
async fn a_disk_that_is_really_full_takes_writes_again_once_there_is_room() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let data = disk.path().join("data");
    let env = [("RATE_LIMITS", "off"), ("DATA_DIR", data.to_str().unwrap())];
    let folder = TempDir::new().unwrap();
    let log = disk.path().join("log");
    let line = format!("exec latchkey 2>>{}", log.display());
    let mut binary = start_by(&folder, &line, &env).await;
    let client = join(&binary).await;
    let filler = disk.path().join("filler");
    // Ends when the disk is full.
    assert!(fs::write(&filler, vec![7; 16 * 1024 * 1024]).is_err());

    // The log of the database has some room inside; renames use it up.
    let refused = eventually(async || {
        let name = format!("Ada {}", "x".repeat(80));
        (client.rename(&name).await.status == 503).then_some(())
    });
    assert!(refused.await.is_some(), "a full disk takes every write");
    let is_away = eventually(async || (client.get("/readyz").await.status == 503).then_some(()));
    assert!(is_away.await.is_some(), "it says that it is ready");
    assert_eq!(client.profile().await.status, 200, "reading goes on");
    fs::remove_file(&filler).unwrap();

    assert_eq!(client.rename("Ada King").await.status, 200);
    let is_back = eventually(async || (client.get("/readyz").await.status == 200).then_some(()));
    assert!(is_back.await.is_some(), "it does not come back");
    assert_eq!(binary.terminate().await.code(), Some(0));
}

/// Every file and folder at and below `path`, with its mode.
fn modes(path: &Path) -> Vec<(String, u32)> {
    let metadata = fs::metadata(path).unwrap();
    let mode = metadata.permissions().mode() & 0o7777;
    let mut all = vec![(path.display().to_string(), mode)];
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            all.extend(modes(&entry.unwrap().path()));
        }
    }
    all
}

fn assert_private(data: &Path) {
    let all = modes(data);
    for (path, mode) in &all {
        let expected = if Path::new(path).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, expected, "{path}: {mode:o}");
    }
    // The folder and files, the database with two files beside it, the key and a picture's two files.
    assert!(all.len() >= 8, "{all:?}");
}

#[tokio::test]
async fn data_is_its_owners_alone_whatever_the_umask_and_whatever_was_there() {
    let folder = TempDir::new().unwrap();
    let mut binary = start_by(&folder, "umask 000; exec latchkey", &[]).await;
    let client = join(&binary).await;
    let photo = picture(128, 128, ImageFormat::Png);
    assert_eq!(client.put_avatar(photo, "image/png").await.status, 200);

    assert_private(&binary.data_dir());
    // As an administrator, an archive or an older version may leave it.
    binary.kill().await;
    for (path, _) in modes(&binary.data_dir()) {
        let open = if Path::new(&path).is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
    }
    binary.restart().await;
    client.rename("Ada King").await;

    assert_private(&binary.data_dir());
}

#[tokio::test]
async fn a_folder_for_many_programs_is_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();

    let output = super::run(
        &folder,
        &[],
        &[
            ("DATA_DIR", shared.to_str().unwrap()),
            ("LISTEN_ADDR", "127.0.0.1:0"),
        ],
    );

    assert_eq!(output.status.code(), Some(1));
    let said = super::text(&output.stderr);
    assert!(
        said.contains("DATA_DIR") && said.contains("choose one below it"),
        "{said}"
    );
    assert_eq!(
        fs::metadata(&shared).unwrap().permissions().mode() & 0o7777,
        0o1777
    );
}
