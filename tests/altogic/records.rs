use serde_json::{Value, json};

use crate::support::{PASSWORD, Reply, Server, User};

async fn call(server: &Server, user: &User, path: &str, more: Value) -> Reply {
    let mut body = json!({ "model": "users", "id": user.id, "query": query(Value::Null) });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    server.post(&format!("db/{path}"), Some(&user.token), body).await
}

/// As the official client sends it: all seven keys, null when unset.
fn query(expression: impl Into<Value>) -> Value {
    json!({
        "expression": expression.into(), "lookups": null, "page": null, "limit": null, "sort": null, "omit": null,
        "group": null,
    })
}

#[tokio::test]
async fn fields_are_updated_all_or_none() {
    let (server, user) = Server::with_user().await;
    let updates = json!([
        { "field": "visits", "updateType": "increment", "value": 2 },
        { "field": "visits", "updateType": "multiply", "value": 5 },
        { "field": "tags", "updateType": "push", "value": "a" },
        { "field": "name", "updateType": "set", "value": "Grace" },
    ]);

    let changed = call(
        &server,
        &user,
        "object/update-fields",
        json!({ "updates": updates }),
    )
    .await;
    let updates = json!([
        { "field": "visits", "updateType": "increment", "value": 1 },
        { "field": "name", "updateType": "increment", "value": 1 },
    ]);
    let refused = call(
        &server,
        &user,
        "object/update-fields",
        json!({ "updates": updates }),
    )
    .await;

    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(
        (&changed.body["visits"], &changed.body["tags"]),
        (&json!(10), &json!(["a"]))
    );
    assert_eq!(changed.text("/name"), "Grace");
    refused.refused(400, "invalid_update_instruction");
    assert_eq!(
        server.get("auth/user", Some(&user.token)).await.body,
        changed.body
    );
}

#[tokio::test]
async fn system_fields_and_other_rows_stay() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;

    let updates = json!([{ "field": "emailVerified", "updateType": "set", "value": true }]);
    call(
        &server,
        &ada,
        "object/update-fields",
        json!({ "updates": updates }),
    )
    .await
    .refused(403, "unauthorized");
    let updates = json!([{ "field": "age", "updateType": "guess" }]);
    let reply = call(
        &server,
        &ada,
        "object/update-fields",
        json!({ "updates": updates }),
    )
    .await;
    reply.refused(400, "invalid_update_instruction");
    for path in [
        "object/update-fields",
        "object/delete",
        "object/get",
        "object/update",
    ] {
        call(&server, &ada, path, json!({ "id": grace.id, "updates": [] }))
            .await
            .refused(403, "unauthorized");
    }
    for path in [
        "get-list",
        "get-single",
        "get-random",
        "update",
        "update-fields",
        "delete",
    ] {
        call(&server, &ada, path, json!({ "model": "orders" }))
            .await
            .refused(403, "unauthorized");
    }
    for path in ["get-list", "object/delete", "object/update-fields"] {
        server
            .post_empty(&format!("db/{path}"), None)
            .await
            .refused(401, "missing_session_token");
    }

    assert_eq!(server.get("auth/user", Some(&grace.token)).await.status, 200);
}

#[tokio::test]
async fn lists_hold_the_own_record_alone() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    server.verified_user("grace@x.io").await;
    let record = server.get("auth/user", Some(&ada.token)).await.body;
    let filter = |text: &str| json!({ "query": query(text) });

    assert_eq!(
        call(&server, &ada, "get-list", json!({})).await.body,
        json!([record])
    );
    assert_eq!(
        call(&server, &ada, "get-list", filter("email == 'grace@x.io'"))
            .await
            .body,
        json!([])
    );
    assert_eq!(
        call(&server, &ada, "get-single", filter("STARTSWITH(email, 'ada')"))
            .await
            .body,
        record
    );
    assert_eq!(
        call(&server, &ada, "get-single", filter("name == 'Bob'"))
            .await
            .body,
        Value::Null
    );
    assert_eq!(
        call(&server, &ada, "get-random", json!({ "count": 3 }))
            .await
            .body,
        json!([record])
    );
    let counted = call(&server, &ada, "get-list", json!({ "returnCountInfo": true }))
        .await
        .body;
    assert_eq!(counted["info"]["count"], 1);
    assert_eq!(counted["data"], json!([record]));
    call(&server, &ada, "get-list", filter("name =="))
        .await
        .refused(400, "invalid_expression");
}

#[tokio::test]
async fn filtered_updates_touch_what_they_match() {
    let (server, user) = Server::with_user().await;
    let hit = query("name == 'Ada'");
    let miss = query("name == 'Bob'");

    let none = call(
        &server,
        &user,
        "update",
        json!({ "query": miss, "values": { "age": 1 } }),
    )
    .await;
    let one = call(
        &server,
        &user,
        "update",
        json!({ "query": hit, "values": { "age": 36 } }),
    )
    .await;
    let updates = json!([{ "field": "age", "updateType": "increment" }]);
    let more = call(
        &server,
        &user,
        "update-fields",
        json!({ "query": hit, "updates": updates }),
    )
    .await;

    assert_eq!(none.body, json!({ "totalMatch": 0, "updated": 0 }));
    assert_eq!(one.body, json!({ "totalMatch": 1, "updated": 1 }));
    assert_eq!(more.body, json!({ "totalMatch": 1, "updated": 1 }));
    assert_eq!(server.get("auth/user", Some(&user.token)).await.body["age"], 37);
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_address_free() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;

    assert_eq!(
        call(&server, &ada, "object/delete", json!({})).await.body,
        Value::Null
    );
    let by_filter = call(&server, &grace, "delete", json!({})).await;

    assert_eq!(by_filter.body, json!({ "totalMatch": 1, "deleted": 1 }));
    for user in [&ada, &grace] {
        server
            .get("auth/user", Some(&user.token))
            .await
            .refused(401, "invalid_session_token");
    }
    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    assert!(server.mails("ada@x.io").await.is_empty());
    assert_ne!(server.verified_user("ada@x.io").await.id, ada.id);
}

#[tokio::test]
async fn odd_pages_are_named() {
    let (server, user) = Server::with_user().await;
    let body = json!({ "model": "users", "query": { "page": 0, "limit": -1 } });

    let reply = server.post("db/get-list", Some(&user.token), body).await;

    assert_eq!(reply.refused_fields(), ["page", "limit"]);
}
