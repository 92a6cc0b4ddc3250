use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::storage::{PNG, stored, upload, upload_png};
use crate::support::{Reply, Server, User};

async fn with_file() -> (Server, User, Reply) {
    let (server, user) = Server::with_user().await;
    let file = upload_png(&server, &user, "fileName=cat.png").await;
    (server, user, file)
}

async fn call(server: &Server, user: &User, name: &str, more: Value) -> Reply {
    let mut body = json!({ "bucket": "root", "file": "cat.png" });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    server
        .post(&format!("storage/bucket/file/{name}"), Some(&user.token), body)
        .await
}

#[tokio::test]
async fn a_file_is_found_and_read() {
    let (server, user, file) = with_file().await;

    assert_eq!(call(&server, &user, "exists", json!({})).await.body, true);
    assert_eq!(
        call(&server, &user, "exists", json!({ "file": "dog.png" }))
            .await
            .body,
        false
    );
    assert_eq!(
        call(&server, &user, "get", json!({ "file": file.text("/_id") }))
            .await
            .body,
        file.body
    );
    call(&server, &user, "get", json!({ "file": "dog.png" }))
        .await
        .refused(400, "file_not_found");
    call(&server, &user, "exists", json!({ "bucket": "x" }))
        .await
        .refused(400, "bucket_not_found");
    let download = call(&server, &user, "download", json!({})).await;
    assert_eq!(
        (download.bytes.as_slice(), download.header("content-type")),
        (PNG, "image/png")
    );
    assert_eq!(download.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_file_is_renamed_tagged_hidden_and_shown() {
    let (server, user, file) = with_file().await;
    let url = file.text("/publicPath");

    let private = call(&server, &user, "make-private", json!({})).await;
    assert_eq!(private.body["isPublic"], false);
    server.open(&url).await.refused(403, "not_public");
    assert_eq!(
        call(&server, &user, "make-public", json!({})).await.body["isPublic"],
        true
    );
    assert_eq!(server.open(&url).await.status, 200);
    assert_eq!(
        call(&server, &user, "add-tags", json!({ "tags": ["a", "b"] }))
            .await
            .body["tags"],
        json!(["a", "b"])
    );
    assert_eq!(
        call(&server, &user, "remove-tags", json!({ "tags": ["a"] }))
            .await
            .body["tags"],
        json!(["b"])
    );
    let renamed = call(&server, &user, "rename", json!({ "newName": "dog.png" })).await;
    assert_eq!(
        (renamed.text("/fileName"), renamed.text("/publicPath")),
        ("dog.png".to_owned(), url)
    );
    let update = json!({ "file": "dog.png", "newName": "cat.png", "isPublic": false, "tags": [] });
    let updated = call(&server, &user, "update", update).await;
    assert_eq!(
        (&updated.body["isPublic"], &updated.body["tags"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(
        call(&server, &user, "rename", json!({ "newName": "" }))
            .await
            .refused_fields(),
        ["newName"]
    );
}

#[tokio::test]
async fn a_file_is_duplicated_copied_and_moved() {
    let (server, user, file) = with_file().await;
    server
        .post(
            "storage/create-bucket",
            Some(&user.token),
            json!({ "name": "photos" }),
        )
        .await;

    let numbered = call(&server, &user, "duplicate", json!({})).await;
    let named = call(&server, &user, "duplicate", json!({ "duplicateName": "dog.png" })).await;
    let copy = call(&server, &user, "copy", json!({ "bucketNameOrId": "photos" })).await;
    let moved = call(&server, &user, "move", json!({ "bucketNameOrId": "photos" })).await;

    assert_eq!(
        (numbered.text("/fileName"), named.text("/fileName")),
        ("cat-1.png".to_owned(), "dog.png".to_owned())
    );
    assert_eq!(
        (copy.text("/fileName"), moved.text("/fileName")),
        ("cat.png".to_owned(), "cat-1.png".to_owned())
    );
    assert_eq!(
        (moved.text("/_id"), moved.text("/bucketId")),
        (file.text("/_id"), copy.text("/bucketId"))
    );
    server
        .open(&file.text("/publicPath"))
        .await
        .refused(404, "resource_not_found");
    for one in [&numbered, &named, &copy, &moved] {
        assert_eq!(server.open(&one.text("/publicPath")).await.bytes, PNG);
    }
    // Each stands on its own.
    server
        .post(
            "storage/delete-file",
            Some(&user.token),
            json!({ "fileUrl": moved.text("/publicPath") }),
        )
        .await;
    assert_eq!(server.open(&copy.text("/publicPath")).await.bytes, PNG);
    assert_eq!(stored(&server), 3);
    call(
        &server,
        &user,
        "copy",
        json!({ "file": "dog.png", "bucketNameOrId": "x" }),
    )
    .await
    .refused(400, "bucket_not_found");
}

#[tokio::test]
async fn other_peoples_files_are_read_when_public_and_never_changed() {
    let (server, ada, file) = with_file().await;
    let grace = server.verified_user("grace@x.io").await;

    for name in [
        "rename",
        "update",
        "make-private",
        "add-tags",
        "remove-tags",
        "duplicate",
        "copy",
        "move",
        "delete",
    ] {
        let more = json!({ "newName": "mine", "tags": ["x"], "bucketNameOrId": "root" });
        call(&server, &grace, name, more)
            .await
            .refused(403, "unauthorized");
    }
    assert_eq!(call(&server, &grace, "get", json!({})).await.body, file.body);
    call(&server, &ada, "make-private", json!({})).await;
    for name in ["get", "download", "rename", "delete"] {
        call(&server, &grace, name, json!({ "newName": "mine" }))
            .await
            .refused(400, "file_not_found");
    }
    assert_eq!(call(&server, &grace, "exists", json!({})).await.body, false);
    let replace = server.request(
        Method::POST,
        "storage/bucket/file/replace-object?bucket=root&file=cat.png",
    );
    let replace = replace.header("Session", &grace.token).json("mine");
    Reply::of(replace).await.refused(400, "file_not_found");
}

#[tokio::test]
async fn what_the_official_client_wraps_in_json_is_stored_unwrapped() {
    let (server, user) = Server::with_user().await;
    let options = "%7B%22contentType%22%3A%22text%2Fplain%3Bcharset%3DUTF-8%22%7D";
    let path = format!("storage/bucket/upload-object?bucket=root&fileName=a.txt&options={options}");

    for body in [
        json!("héllo"),
        json!({ "type": "Buffer", "data": "héllo".as_bytes() }),
    ] {
        let request = server
            .request(Method::POST, &path)
            .header("Session", &user.token)
            .json(&body);
        let file = Reply::of(request).await;
        assert_eq!(
            (file.text("/mimeType"), &file.body["size"]),
            ("text/plain".to_owned(), &json!(6))
        );
        assert_eq!(
            server.open(&file.text("/publicPath")).await.bytes,
            "héllo".as_bytes()
        );
    }
    let raw = server
        .request(Method::POST, &path)
        .header("Session", &user.token)
        .header("Content-Type", "text/plain");
    let file = Reply::of(raw.body("raw bytes")).await;
    assert_eq!(server.open(&file.text("/publicPath")).await.bytes, b"raw bytes");
}

#[tokio::test]
async fn a_replaced_file_keeps_its_name_and_address() {
    let (server, user, file) = with_file().await;
    let path = "storage/bucket/file/replace-object?bucket=root&file=cat.png&options=%7B%22contentType%22%3A%22text%2Fhtml%22%7D";

    let request = server
        .request(Method::POST, path)
        .header("Session", &user.token)
        .json("new");
    let replaced = Reply::of(request).await;

    assert_eq!(replaced.text("/publicPath"), file.text("/publicPath"));
    assert_eq!(
        (replaced.text("/fileName"), replaced.text("/mimeType")),
        ("cat.png".to_owned(), "text/html".to_owned())
    );
    assert_eq!(server.open(&file.text("/publicPath")).await.bytes, b"new");
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let (server, user) = Server::with_user().await;
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /_api/rest/v1/storage/bucket/upload-formdata?fileName=a HTTP/1.1\r\nHost: {address}\r\n\
         X-Client-Key: {}\r\nSession: {}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: 50000000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n",
        server.embedded.client_key(),
        user.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![7; 4 * 1024 * 1024]).await.unwrap();
    while stored(&server) == 0 {
        tokio::task::yield_now().await;
    }

    drop(stream);

    while stored(&server) > 0 {
        tokio::task::yield_now().await;
    }
    let files = server
        .post("storage/search-files", Some(&user.token), json!({}))
        .await;
    assert_eq!(files.body, json!([]));
}

#[tokio::test]
async fn a_download_that_is_cut_off_does_no_harm() {
    let (server, user) = Server::with_user().await;
    let bytes = vec![7; 8 * 1024 * 1024];
    let file = upload(
        &server,
        Some(&user.token),
        "fileName=a",
        "image/png",
        bytes.clone(),
    )
    .await;
    let url = file.text("/publicPath");

    for _ in 0..3 {
        let mut cut = server.http.get(&url).send().await.unwrap();
        assert!(cut.chunk().await.unwrap().is_some());
    }

    assert_eq!(server.open(&url).await.bytes, bytes);
    assert_eq!(stored(&server), 1);
}
