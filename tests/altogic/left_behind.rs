//! What an interruption leaves behind is swept while the server runs.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::storage::{PNG, stored, upload, upload_png};
use crate::support::{Reply, Server, User, eventually};

const HOUR: Duration = Duration::from_hours(1);

/// A picture as our app stores it, under this name.
async fn upload_avatar(server: &Server, user: &User, name: &str) -> Reply {
    let options = json!({ "contentType": "image/webp", "isPublic": true, "tags": ["avatar"] });
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("bucket", "root")
        .append_pair("fileName", name)
        .append_pair("options", &options.to_string())
        .finish();
    upload(server, Some(&user.token), &query, "image/webp", PNG.to_vec()).await
}

/// As [`crate::support::eventually`], each time half an hour later.
async fn later(server: &Server, is_so: impl Fn() -> bool) {
    eventually(async || {
        server.clock.advance(HOUR / 2);
        is_so()
    })
    .await;
}

#[tokio::test]
async fn bytes_without_a_row_are_swept_while_the_server_runs() {
    let (server, user) = Server::with_user().await;
    let file = upload_png(&server, &user, "fileName=a.png").await;
    fs::write(server.folder().join("files/orphan"), "x").unwrap();
    fs::write(server.folder().join("files/cut#1"), "x").unwrap();

    later(&server, || stored(&server) == 1).await;

    assert_eq!(server.open(&file.text("/publicPath")).await.bytes, PNG);
}

#[tokio::test]
async fn young_bytes_without_a_row_may_still_get_one() {
    let (server, user) = Server::with_user().await;
    fs::write(server.folder().join("files/young"), "x").unwrap();
    let old = server.folder().join("files/old");
    fs::write(&old, "x").unwrap();
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - HOUR * 2)
        .unwrap();
    server.embedded.close().await;

    // It sweeps at its start.
    let next = Server::start_in(server.kill(), |_| {}).await;

    eventually(async || !old.exists()).await;
    assert!(next.folder().join("files/young").exists());
    drop(user);
}

#[tokio::test]
async fn pictures_of_our_app_that_no_user_shows_are_swept_and_no_others() {
    let (server, user) = Server::with_user().await;
    let lost = upload_avatar(&server, &user, "avatar-AAAAAAAAAAAAAAAAAAAAAA.webp").await;
    let shown = upload_avatar(&server, &user, "avatar-BBBBBBBBBBBBBBBBBBBBBB.webp").await;
    let small = upload_avatar(&server, &user, "avatar-CCCCCCCCCCCCCCCCCCCCCC.webp").await;
    let another_apps = upload_avatar(&server, &user, "avatar-of-ada.webp").await;
    let picture = format!("{}#{}", shown.text("/publicPath"), small.text("/publicPath"));
    let body = json!({ "model": "users", "id": user.id, "values": { "profilePicture": picture },
                       "options": {} });
    let updated = server.post("db/object/update", Some(&user.token), body).await;
    assert_eq!(updated.status, 200, "{}", updated.body);

    later(&server, || stored(&server) == 3).await;

    server
        .open(&lost.text("/publicPath"))
        .await
        .refused(404, "resource_not_found");
    for file in [shown, small, another_apps] {
        assert_eq!(server.open(&file.text("/publicPath")).await.status, 200);
    }
}

/// A copy shares the bytes of its original, and their age.
#[tokio::test]
async fn a_copy_of_an_old_file_is_not_swept() {
    let (server, user) = Server::with_user().await;
    upload_png(&server, &user, "bucket=root&fileName=a.png").await;
    server.clock.advance(HOUR * 3);
    let body = json!({ "bucket": "root", "file": "a.png" });
    let copy = server
        .post("storage/bucket/file/duplicate", Some(&user.token), body)
        .await;
    fs::write(server.folder().join("files/orphan"), "x").unwrap();

    later(&server, || stored(&server) == 2).await;

    assert_eq!(server.open(&copy.text("/publicPath")).await.bytes, PNG);
}
