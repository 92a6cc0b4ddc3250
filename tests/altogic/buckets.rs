use serde_json::{Value, json};

use crate::storage::{PNG, stored, upload_png};
use crate::support::{Reply, Server, User};

async fn call(server: &Server, user: &User, path: &str, body: Value) -> Reply {
    server
        .post(&format!("storage/{path}"), Some(&user.token), body)
        .await
}

async fn with_bucket() -> (Server, User) {
    let (server, user) = Server::with_user().await;
    let made = call(
        &server,
        &user,
        "create-bucket",
        json!({ "name": "photos", "isPublic": true, "tags": ["a"] }),
    )
    .await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(
        (made.text("/name"), made.text("/userId")),
        ("photos".to_owned(), user.id.clone())
    );
    (server, user)
}

async fn add(server: &Server, user: &User, name: &str) -> Reply {
    let query = format!("bucket=photos&fileName={name}");
    let reply = upload_png(server, user, &query).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

#[tokio::test]
async fn a_bucket_is_made_found_changed_and_removed() {
    let (server, user) = with_bucket().await;
    let bucket = |more: Value| {
        let mut body = json!({ "bucket": "photos" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };

    call(&server, &user, "create-bucket", json!({ "name": "photos" }))
        .await
        .refused(400, "bucket_not_unique");
    assert_eq!(
        call(&server, &user, "create-bucket", json!({ "name": "" }))
            .await
            .refused_fields(),
        ["name"]
    );
    assert_eq!(
        call(&server, &user, "bucket/exists", bucket(json!({})))
            .await
            .body,
        true
    );
    assert_eq!(
        call(&server, &user, "bucket/exists", json!({ "bucket": "x" }))
            .await
            .body,
        false
    );
    let tagged = call(
        &server,
        &user,
        "bucket/add-tags",
        bucket(json!({ "tags": ["b", "a"] })),
    )
    .await;
    assert_eq!(tagged.body["tags"], json!(["a", "b"]));
    let untagged = call(
        &server,
        &user,
        "bucket/remove-tags",
        bucket(json!({ "tags": "a" })),
    )
    .await;
    assert_eq!(untagged.body["tags"], json!(["b"]));
    let renamed = call(
        &server,
        &user,
        "bucket/rename",
        bucket(json!({ "newName": "pictures" })),
    )
    .await;
    assert_eq!(renamed.text("/name"), "pictures");
    let by_id =
        json!({ "bucket": renamed.text("/_id"), "newName": "photos", "isPublic": false, "tags": ["c"] });
    let updated = call(&server, &user, "bucket/update", by_id).await;
    assert_eq!(
        (&updated.body["isPublic"], &updated.body["tags"]),
        (&json!(false), &json!(["c"]))
    );
    assert_eq!(
        call(&server, &user, "bucket/delete", bucket(json!({})))
            .await
            .status,
        200
    );

    call(&server, &user, "bucket/get", bucket(json!({})))
        .await
        .refused(400, "bucket_not_found");
}

#[tokio::test]
async fn making_a_bucket_private_can_take_its_files_along() {
    let (server, user) = with_bucket().await;
    let url = add(&server, &user, "a.png").await.text("/publicPath");

    call(
        &server,
        &user,
        "bucket/make-private",
        json!({ "bucket": "photos" }),
    )
    .await;
    assert_eq!(server.open(&url).await.status, 200);
    // Already private is a success too.
    let again = json!({ "bucket": "photos", "includeFiles": true });
    assert_eq!(
        call(&server, &user, "bucket/make-private", again.clone())
            .await
            .body["isPublic"],
        false
    );
    server.open(&url).await.refused(403, "not_public");
    assert_eq!(
        call(&server, &user, "bucket/make-public", again).await.body["isPublic"],
        true
    );

    assert_eq!(server.open(&url).await.status, 200);
}

#[tokio::test]
async fn files_are_listed_filtered_sorted_and_paged() {
    let (server, user) = with_bucket().await;
    for name in ["b.png", "a.png", "c.png"] {
        add(&server, &user, name).await;
    }
    let names = |reply: &Reply| {
        let files = reply
            .body
            .as_array()
            .unwrap_or_else(|| reply.body["data"].as_array().unwrap())
            .clone();
        files
            .iter()
            .map(|file| file["fileName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    let all = call(
        &server,
        &user,
        "bucket/list-files",
        json!({ "bucket": "photos", "expression": null, "options": null }),
    );
    assert_eq!(names(&all.await).len(), 3);
    let options = json!({ "page": 2, "limit": 2, "sort": { "field": "fileName", "direction": "asc" }, "returnCountInfo": true });
    let page = call(
        &server,
        &user,
        "bucket/list-files",
        json!({ "bucket": "photos", "options": options }),
    )
    .await;
    assert_eq!(names(&page), ["c.png"]);
    assert_eq!(
        page.body["info"],
        json!({ "count": 3, "totalPages": 2, "currentPage": 2, "pageSize": 2 })
    );
    let found = call(
        &server,
        &user,
        "search-files",
        json!({ "expression": "fileName == \"b.png\" && isPublic == true" }),
    );
    assert_eq!(names(&found.await), ["b.png"]);
    let broken = call(
        &server,
        &user,
        "search-files",
        json!({ "expression": "fileName ==" }),
    )
    .await;
    broken.refused(400, "invalid_expression");
    let info = call(
        &server,
        &user,
        "bucket/get",
        json!({ "bucket": "photos", "detailed": true }),
    )
    .await;
    assert_eq!(
        (&info.body["objectsCount"], &info.body["totalStorageSize"]),
        (&json!(3), &json!(3 * PNG.len()))
    );
    let stats = server.get("storage/stats", Some(&user.token)).await;
    assert_eq!(
        (&stats.body["objectsCount"], &stats.body["bucketsCount"]),
        (&json!(3), &json!(2))
    );
}

#[tokio::test]
async fn files_are_removed_by_list_and_all_at_once() {
    let (server, user) = with_bucket().await;
    let id = add(&server, &user, "a.png").await.text("/_id");
    for name in ["b.png", "c.png", "d.png"] {
        add(&server, &user, name).await;
    }

    let some = json!({ "bucket": "photos", "fileNamesOrIds": [id, "b.png", "missing.png"] });
    assert_eq!(
        call(&server, &user, "bucket/delete-files", some).await.status,
        200
    );
    assert_eq!(stored(&server), 2);
    assert_eq!(
        call(&server, &user, "bucket/empty", json!({ "bucket": "photos" }))
            .await
            .status,
        200
    );
    assert_eq!(stored(&server), 0);
    add(&server, &user, "e.png").await;
    assert_eq!(
        call(&server, &user, "bucket/delete", json!({ "bucket": "photos" }))
            .await
            .status,
        200
    );

    assert_eq!(stored(&server), 0);
}

#[tokio::test]
async fn root_and_other_peoples_buckets_stay() {
    let (server, ada) = with_bucket().await;
    let grace = server.verified_user("grace@x.io").await;
    let calls = [
        "rename",
        "update",
        "delete",
        "make-public",
        "make-private",
        "add-tags",
        "remove-tags",
    ];

    for (user, bucket) in [(&ada, "root"), (&grace, "photos"), (&grace, "root")] {
        for name in calls {
            let body = json!({ "bucket": bucket, "newName": "mine", "tags": ["x"] });
            call(&server, user, &format!("bucket/{name}"), body)
                .await
                .refused(403, "unauthorized");
        }
    }
    add(&server, &ada, "a.png").await;
    for (path, body) in [
        ("bucket/list-files", json!({ "bucket": "photos" })),
        ("search-files", json!({})),
    ] {
        assert_eq!(call(&server, &grace, path, body).await.body, json!([]), "{path}");
    }
    for path in ["bucket/empty", "bucket/delete-files"] {
        let body = json!({ "bucket": "photos", "fileNamesOrIds": ["a.png"] });
        assert_eq!(call(&server, &grace, path, body).await.status, 200);
    }
    let listed = call(&server, &grace, "list-buckets", json!({})).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1);
    assert_eq!(stored(&server), 1);
    call(
        &server,
        &ada,
        "bucket/make-private",
        json!({ "bucket": "photos" }),
    )
    .await;
    call(&server, &grace, "bucket/get", json!({ "bucket": "photos" }))
        .await
        .refused(400, "bucket_not_found");
    server
        .post_empty("storage/list-buckets", None)
        .await
        .refused(401, "missing_session_token");
}

#[tokio::test]
async fn an_api_key_sees_and_does_everything() {
    let (server, ada) = with_bucket().await;
    add(&server, &ada, "a.png").await;
    let call = |path: &str, body: Value| {
        let request = server.request(reqwest::Method::POST, &format!("storage/{path}"));
        Reply::of(
            request
                .header("Authorization", "an-api-key-of-the-tests")
                .json(&body),
        )
    };

    assert_eq!(
        call("list-buckets", json!({}))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        call("search-files", json!({}))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        call("bucket/delete", json!({ "bucket": "photos" })).await.status,
        200
    );

    assert_eq!(stored(&server), 0);
}

#[tokio::test]
async fn odd_options_of_a_list_are_named() {
    let (server, user) = with_bucket().await;

    for (options, refused) in [
        (json!({ "limit": -1 }), vec!["limit"]),
        (json!({ "limit": 0, "page": 1.5 }), vec!["page", "limit"]),
        (json!({ "page": "2" }), vec!["page"]),
        (
            json!({ "sort": { "field": "name", "direction": "up" } }),
            vec!["sort"],
        ),
        (json!({ "sort": "name" }), vec!["sort"]),
        (json!("all"), vec!["options"]),
    ] {
        for path in ["list-buckets", "search-files", "bucket/list-files"] {
            let body = json!({ "bucket": "photos", "expression": null, "options": options });
            let reply = call(&server, &user, path, body).await;
            assert_eq!(reply.refused_fields(), refused, "{path} {options}");
        }
    }
}
