use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Reply, Server, User};

async fn update(server: &Server, user: &User, values: Value) -> Reply {
    let body =
        json!({ "model": "users", "id": user.id, "values": values, "options": { "returnTop": false } });
    server.post("db/object/update", Some(&user.token), body).await
}

#[tokio::test]
async fn the_user_is_the_sessions_owner() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;

    assert_eq!(
        server.get("auth/user", Some(&ada.token)).await.text("/email"),
        "ada@x.io"
    );
    assert_eq!(
        server.get("auth/user", Some(&grace.token)).await.text("/email"),
        "grace@x.io"
    );
    server
        .get("auth/user", None)
        .await
        .refused(401, "missing_session_token");
}

#[tokio::test]
async fn the_own_record_is_read_and_changed() {
    let (server, user) = Server::with_user().await;
    let picture = "http://localhost/_storage/a/b/c";

    let changed = update(
        &server,
        &user,
        json!({ "name": " Grace ", "profilePicture": picture, "age": 36, "tags": ["a"] }),
    )
    .await;

    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.text("/name"), "Grace");
    assert_eq!(changed.text("/profilePicture"), picture);
    assert_eq!(
        (&changed.body["age"], &changed.body["tags"]),
        (&json!(36), &json!(["a"]))
    );
    let get = json!({ "model": "users", "id": user.id, "options": { "cache": "nocache" } });
    assert_eq!(
        server.post("db/object/get", Some(&user.token), get).await.body,
        changed.body
    );
    assert_eq!(
        server.get("auth/user", Some(&user.token)).await.body,
        changed.body
    );
}

#[tokio::test]
async fn null_removes_a_field() {
    let (server, user) = Server::with_user().await;
    update(
        &server,
        &user,
        json!({ "age": 36, "profilePicture": "https://x.io/a.png" }),
    )
    .await;

    let changed = update(&server, &user, json!({ "age": null, "profilePicture": null })).await;

    assert!(changed.body.get("age").is_none());
    assert!(changed.body.get("profilePicture").is_none());
    assert_eq!(changed.text("/name"), "Ada");
}

#[tokio::test]
async fn system_fields_other_rows_and_other_models_are_refused() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;
    let before = server.get("auth/user", Some(&grace.token)).await.body;

    for field in [
        "_id",
        "email",
        "password",
        "emailVerified",
        "phone",
        "phoneVerified",
        "provider",
        "signUpAt",
        "lastLoginAt",
    ] {
        update(&server, &ada, json!({ "name": "Mallory", field: "x" }))
            .await
            .refused(403, "unauthorized");
    }
    for (model, id) in [
        ("users", grace.id.as_str()),
        ("users", ""),
        ("orders", &ada.id),
        ("sessions", &ada.id),
    ] {
        let body = json!({ "model": model, "id": id, "values": { "name": "Mallory" } });
        for path in ["db/object/update", "db/object/get"] {
            server
                .post(path, Some(&ada.token), body.clone())
                .await
                .refused(403, "unauthorized");
        }
    }

    assert_eq!(server.get("auth/user", Some(&grace.token)).await.body, before);
    assert_eq!(
        server.get("auth/user", Some(&ada.token)).await.text("/name"),
        "Ada"
    );
}

#[tokio::test]
async fn unsound_values_are_refused() {
    let (server, user) = Server::with_user().await;

    for (values, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": 5 }), "name"),
        (
            json!({ "profilePicture": "javascript:alert(1)" }),
            "profilePicture",
        ),
        (json!({ "$set": 1 }), "values"),
        (json!({ "big": "x".repeat(70_000) }), "values"),
    ] {
        assert_eq!(update(&server, &user, values).await.refused_fields(), [field]);
    }
    let both = update(&server, &user, json!({ "name": 5, "profilePicture": 5 })).await;
    assert_eq!(both.refused_fields(), ["name", "profilePicture"]);
}

#[tokio::test]
async fn changes_at_once_all_count() {
    let server = Arc::new(Server::start().await);
    let user = Arc::new(server.verified_user("ada@x.io").await);
    let tries: Vec<_> = (0..20)
        .map(|number| {
            let (server, user) = (server.clone(), user.clone());
            tokio::spawn(async move {
                let field = format!("field{number}");
                update(&server, &user, json!({ field: number })).await.status
            })
        })
        .collect();
    for one in tries {
        assert_eq!(one.await.unwrap(), 200);
    }

    let record = server.get("auth/user", Some(&user.token)).await.body;

    for number in 0..20 {
        assert_eq!(record[format!("field{number}")], number);
    }
}
