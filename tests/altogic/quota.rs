//! How much the files of one user may take (SECURITY-BAR T-65).

use std::sync::Arc;

use serde_json::json;

use crate::storage::{stored, upload};
use crate::support::{Reply, Server, User};

const MIB: usize = 1024 * 1024;
const NONE_LEFT: &str = "quota_exceeded";

/// A server where a user may have two MiB, and a user.
async fn two_mib() -> (Server, User) {
    let server = Server::start_with(|settings| settings.bytes_per_user = 2 * MIB as u64).await;
    let user = server.verified_user("ada@x.io").await;
    (server, user)
}

async fn put(server: &Server, user: &User, name: &str, bytes: usize) -> Reply {
    let query = format!("bucket=root&fileName={name}");
    upload(server, Some(&user.token), &query, "image/png", vec![7; bytes]).await
}

#[tokio::test]
async fn files_up_to_the_quota_are_taken_and_no_byte_more() {
    let (server, user) = two_mib().await;

    assert_eq!(put(&server, &user, "a", MIB).await.status, 200);
    put(&server, &user, "b", MIB + 1).await.refused(413, NONE_LEFT);
    assert_eq!(put(&server, &user, "b", MIB).await.status, 200);
    put(&server, &user, "c", 1).await.refused(413, NONE_LEFT);

    assert_eq!(stored(&server), 2);
    let grace = server.verified_user("grace@x.io").await;
    assert_eq!(put(&server, &grace, "d", 2 * MIB).await.status, 200);
}

#[tokio::test]
async fn what_is_deleted_makes_room() {
    let (server, user) = two_mib().await;
    assert_eq!(put(&server, &user, "a", 2 * MIB).await.status, 200);
    put(&server, &user, "b", MIB).await.refused(413, NONE_LEFT);

    let body = json!({ "bucket": "root", "file": "a" });
    server
        .post("storage/bucket/file/delete", Some(&user.token), body)
        .await;

    assert_eq!(put(&server, &user, "b", MIB).await.status, 200);
}

#[tokio::test]
async fn copies_and_replacements_count() {
    let (server, user) = two_mib().await;
    assert_eq!(put(&server, &user, "a", MIB + MIB / 2).await.status, 200);

    let body = json!({ "bucket": "root", "file": "a" });
    server
        .post("storage/bucket/file/duplicate", Some(&user.token), body)
        .await
        .refused(413, NONE_LEFT);
    let replace = async |bytes: usize| {
        let path = "storage/bucket/file/replace-object?bucket=root&file=a";
        let request = server.request(reqwest::Method::POST, path);
        let request = request
            .header("Session", &user.token)
            .header("Content-Type", "image/png");
        Reply::of(request.body(vec![7; bytes])).await
    };
    replace(2 * MIB + 1).await.refused(413, NONE_LEFT);
    assert_eq!(replace(2 * MIB).await.status, 200);
    assert_eq!(replace(MIB).await.status, 200);
    assert_eq!(stored(&server), 1);
}

/// A setting that was lowered locks no file.
#[tokio::test]
async fn a_user_beyond_the_quota_may_make_a_file_smaller() {
    let (server, user) = two_mib().await;
    assert_eq!(put(&server, &user, "a", 2 * MIB).await.status, 200);
    server.embedded.close().await;
    let next = Server::start_in(server.kill(), |settings| settings.bytes_per_user = 4096).await;

    let path = "storage/bucket/file/replace-object?bucket=root&file=a";
    let request = next.request(reqwest::Method::POST, path);
    let request = request
        .header("Session", &user.token)
        .header("Content-Type", "image/png");
    let reply = Reply::of(request.body(vec![7; MIB])).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    put(&next, &user, "b", 1).await.refused(413, NONE_LEFT);
}

#[tokio::test]
async fn many_uploads_at_once_do_not_pass_the_quota_together() {
    let (server, user) = two_mib().await;
    let (server, user) = (Arc::new(server), Arc::new(user));

    let uploads: Vec<_> = (0..12)
        .map(|number| {
            let (server, user) = (server.clone(), user.clone());
            tokio::spawn(async move { put(&server, &user, &format!("f{number}"), MIB / 2).await.status })
        })
        .collect();
    let mut taken = 0;
    for upload in uploads {
        taken += usize::from(upload.await.unwrap() == 200);
    }

    // Those that arrive at the same time may use up the room for each other.
    assert!(taken <= 4, "{taken}");
    assert_eq!(stored(&server), taken);
    // What was refused does not count any longer.
    for number in taken..4 {
        assert_eq!(
            put(&server, &user, &format!("g{number}"), MIB / 2).await.status,
            200
        );
    }
}

#[tokio::test]
async fn empty_files_count_too() {
    let (server, user) = two_mib().await;
    assert_eq!(put(&server, &user, "a", 2 * MIB - 2 * 4096).await.status, 200);

    assert_eq!(put(&server, &user, "b", 0).await.status, 200);
    assert_eq!(put(&server, &user, "c", 0).await.status, 200);

    put(&server, &user, "d", 0).await.refused(413, NONE_LEFT);
}
