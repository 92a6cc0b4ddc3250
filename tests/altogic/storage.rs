use std::fs;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Reply, Server, User};

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

pub async fn upload(
    server: &Server,
    session: Option<&str>,
    query: &str,
    media_type: &str,
    bytes: Vec<u8>,
) -> Reply {
    let part = Part::bytes(bytes)
        .file_name("ignored.bin")
        .mime_str(media_type)
        .unwrap();
    let mut request = server.request(Method::POST, &format!("storage/bucket/upload-formdata?{query}"));
    if let Some(token) = session {
        request = request.header("Session", token);
    }
    Reply::of(request.multipart(Form::new().part("file", part))).await
}

/// Uploads [`PNG`] as the user, as the query says.
pub async fn upload_png(server: &Server, user: &User, query: &str) -> Reply {
    upload(server, Some(&user.token), query, "image/png", PNG.to_vec()).await
}

pub fn stored(server: &Server) -> usize {
    fs::read_dir(server.folder().join("files")).unwrap().count()
}

#[tokio::test]
async fn an_uploaded_picture_is_public_under_its_path() {
    let (server, user) = Server::with_user().await;

    let file = upload_png(&server, &user, "bucket=root&fileName=cat.png").await;

    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.text("/fileName"), "cat.png");
    assert_eq!(file.text("/mimeType"), "image/png");
    assert_eq!(file.text("/encoding"), "7bit");
    assert_eq!(file.text("/userId"), user.id);
    assert_eq!(file.body["size"], PNG.len());
    assert_eq!(
        (&file.body["isPublic"], &file.body["tags"]),
        (&json!(true), &json!([]))
    );
    let public = server.open(&file.text("/publicPath")).await;
    assert_eq!((public.status, public.bytes.as_slice()), (200, PNG));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-disposition", "inline; filename*=UTF-8''cat%2Epng"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(public.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_picture_is_asked_for_again_by_etag_range_and_head() {
    let (server, user) = Server::with_user().await;
    let file = upload_png(&server, &user, "fileName=cat.png").await;
    let url = file.text("/publicPath");
    let etag = server.open(&url).await.header("etag").to_owned();
    let get = |name: &'static str, value: &str| server.http.get(&url).header(name, value);

    let known = Reply::of(get("If-None-Match", &format!("\"x\", W/{etag}"))).await;
    assert_eq!(
        (known.status, known.bytes.len(), known.header("etag")),
        (304, 0, etag.as_str())
    );
    assert_eq!(Reply::of(get("If-None-Match", "\"another\"")).await.status, 200);
    let part = Reply::of(get("Range", "bytes=1-3")).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, b"PNG".as_slice()));
    assert_eq!(part.header("content-range"), format!("bytes 1-3/{}", PNG.len()));
    let beyond = Reply::of(get("Range", "bytes=9999-")).await;
    beyond.refused(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", PNG.len()));
    let head = Reply::of(server.http.head(&url)).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), PNG.len().to_string());
}

#[tokio::test]
async fn what_could_run_is_downloaded() {
    let (server, user) = Server::with_user().await;

    for (name, media_type) in [
        ("a.svg", "image/svg+xml"),
        ("a.html", "text/html;charset=UTF-8"),
        ("a.xml", "text/xml"),
        ("a.pdf", "application/pdf"),
    ] {
        let file = upload(
            &server,
            Some(&user.token),
            &format!("fileName={name}"),
            media_type,
            b"<svg/>".to_vec(),
        )
        .await;
        let public = server.open(&file.text("/publicPath")).await;

        assert!(
            public.header("content-disposition").starts_with("attachment"),
            "{name}"
        );
        assert_eq!(
            public.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(
            public.header("content-type"),
            media_type.split(';').next().unwrap()
        );
    }
}

/// SECURITY-BAR T-51, T-66: browsers refuse a script, a module, a worker and a style sheet of a type
/// that is not theirs.
#[tokio::test]
async fn no_stored_file_is_a_script_or_a_style_for_a_page() {
    let (server, user) = Server::with_user().await;

    for (number, media_type) in [
        "text/javascript",
        "application/javascript",
        "Application/X-JavaScript;charset=utf-8",
        "application/ecmascript",
        "text/jscript",
        "text/livescript",
        "text/css",
        "application/wasm",
    ]
    .into_iter()
    .enumerate()
    {
        let query = format!("fileName={number}.js");
        let file = upload(
            &server,
            Some(&user.token),
            &query,
            media_type,
            b"alert(1)".to_vec(),
        )
        .await;
        let path = file.text("/publicPath");

        let whole = server.open(&path).await;
        let part = Reply::of(server.http.get(&path).header("Range", "bytes=0-4")).await;

        for (reply, status) in [(whole, 200), (part, 206)] {
            assert_eq!(reply.status, status, "{media_type}");
            assert_eq!(
                reply.header("content-type"),
                "text/plain; charset=utf-8",
                "{media_type}"
            );
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(reply.header("content-disposition").starts_with("attachment"));
            assert_eq!(
                reply.header("content-security-policy"),
                "default-src 'none'; sandbox"
            );
        }
    }
}

#[tokio::test]
async fn a_taken_name_gets_a_number() {
    let (server, user) = Server::with_user().await;

    for expected in ["cat.png", "cat-1.png", "cat-2.png"] {
        let file = upload_png(&server, &user, "fileName=cat.png").await;
        assert_eq!(file.text("/fileName"), expected);
    }
}

#[tokio::test]
async fn options_choose_bucket_privacy_and_tags() {
    let (server, user) = Server::with_user().await;
    let query = |options: Value| {
        format!(
            "bucket=photos&fileName=a.png&options={}",
            options.to_string().replace('"', "%22")
        )
    };
    let upload = async |options| {
        upload(
            &server,
            Some(&user.token),
            &query(options),
            "image/png",
            PNG.to_vec(),
        )
        .await
    };

    upload(json!({ "createBucket": false }))
        .await
        .refused(400, "bucket_not_found");
    let public = upload(json!({ "createBucket": true, "tags": ["a", "b"] })).await;
    let private = upload(json!({ "isPublic": false, "contentType": "text/plain" })).await;

    assert_eq!(public.body["tags"], json!(["a", "b"]));
    assert_eq!(public.body["bucketId"], private.body["bucketId"]);
    assert_eq!(private.body["isPublic"], false);
    let refused = server.open(&private.text("/publicPath")).await;
    refused.refused(403, "not_public");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn unknown_files_are_a_json_404() {
    let (server, user) = Server::with_user().await;
    let file = upload_png(&server, &user, "fileName=cat.png").await;
    let path = file.text("/publicPath");
    let id = file.text("/_id");

    for unknown in [
        path.replace(&id, "0123"),
        path.replace("/_storage/", "/_storage/x"),
        format!("{path}%2f.."),
    ] {
        let reply = server.open(&unknown).await;
        reply.refused(404, "resource_not_found");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
    let posted = Reply::of(server.http.post(&path)).await;
    posted.refused(405, "method_not_allowed");
    assert_eq!(posted.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn an_upload_needs_a_session_a_name_and_a_part() {
    let (server, user) = Server::with_user().await;
    let path = "storage/bucket/upload-formdata?fileName=a";

    upload(&server, None, "fileName=a", "image/png", PNG.to_vec())
        .await
        .refused(401, "missing_session_token");
    let unnamed = upload_png(&server, &user, "bucket=root").await;
    assert_eq!(unnamed.refused_fields(), ["fileName"]);
    let no_part = server.request(Method::POST, path).header("Session", &user.token);
    Reply::of(no_part.multipart(Form::new().text("other", "x")))
        .await
        .refused(400, "file_upload_error");
    // What the official client sends from Node 18 on (PROTOCOL 5.5).
    let broken = server
        .request(Method::POST, path)
        .header("Session", &user.token)
        .header("Content-Type", "text/plain");
    Reply::of(broken.body("[object FormData]"))
        .await
        .refused(400, "file_upload_error");
    let cut = server.request(Method::POST, path).header("Session", &user.token);
    let cut = cut.header("Content-Type", "multipart/form-data; boundary=x");
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf";
    Reply::of(cut.body(body)).await.refused(400, "file_upload_error");

    assert_eq!(stored(&server), 0);
}

#[tokio::test]
async fn a_file_over_the_limit_leaves_nothing() {
    let (server, user) = Server::with_user().await;

    let reply = upload(
        &server,
        Some(&user.token),
        "fileName=big",
        "image/png",
        vec![0; 101 * 1024 * 1024],
    )
    .await;

    reply.refused(413, "request_body_size_too_large");
    assert_eq!(stored(&server), 0);
}

#[tokio::test]
async fn the_owner_deletes_by_url_or_by_name() {
    let (server, user) = Server::with_user().await;
    let by_url = upload_png(&server, &user, "fileName=a.png").await;
    let by_name = upload_png(&server, &user, "fileName=b.png").await;
    let (url, other_url) = (by_url.text("/publicPath"), by_name.text("/publicPath"));

    let first = server
        .post(
            "storage/delete-file",
            Some(&user.token),
            json!({ "fileUrl": url }),
        )
        .await;
    let body = json!({ "bucket": "root", "file": "b.png" });
    let second = server
        .post("storage/bucket/file/delete", Some(&user.token), body)
        .await;

    assert_eq!((first.status, second.status), (200, 200));
    server.open(&url).await.refused(404, "resource_not_found");
    server.open(&other_url).await.refused(404, "resource_not_found");
    assert_eq!(stored(&server), 0);
    let again = server
        .post(
            "storage/delete-file",
            Some(&user.token),
            json!({ "fileUrl": url }),
        )
        .await;
    again.refused(400, "file_not_found");
}

#[tokio::test]
async fn another_users_file_stays() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;
    let file = upload_png(&server, &ada, "fileName=a.png").await;
    let url = file.text("/publicPath");

    let by_url = server
        .post(
            "storage/delete-file",
            Some(&grace.token),
            json!({ "fileUrl": url }),
        )
        .await;
    by_url.refused(403, "unauthorized");
    let body = json!({ "bucket": "root", "file": file.text("/_id") });
    server
        .post("storage/bucket/file/delete", Some(&grace.token), body)
        .await
        .refused(403, "unauthorized");
    let body = json!({ "bucket": "nowhere", "file": "a.png" });
    server
        .post("storage/bucket/file/delete", Some(&grace.token), body)
        .await
        .refused(400, "bucket_not_found");
    server
        .post("storage/delete-file", None, json!({ "fileUrl": url }))
        .await
        .refused(401, "missing_session_token");
    for url in ["", "nonsense", "http://x/_storage/a/b/c"] {
        let reply = server
            .post("storage/delete-file", Some(&ada.token), json!({ "fileUrl": url }))
            .await;
        reply.refused(400, "file_not_found");
    }

    assert_eq!(server.open(&file.text("/publicPath")).await.status, 200);
}
