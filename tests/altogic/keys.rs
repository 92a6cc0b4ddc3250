use std::time::Duration;

use backend::embedded::keys::{self, KeyKind};
use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

#[tokio::test]
async fn keys_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();

    let client = keys::create(folder.path(), KeyKind::Client, "web").await.unwrap();
    let api = keys::create(folder.path(), KeyKind::Api, "jobs").await.unwrap();
    assert!(keys::revoke(folder.path(), &api.id).await.unwrap());
    assert!(!keys::revoke(folder.path(), &api.id).await.unwrap());

    let listed = keys::list(folder.path()).await.unwrap();
    assert_eq!(
        listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(),
        ["web", "jobs"]
    );
    assert_eq!(listed[0].key, client.key);
    assert_eq!(listed[0].revoked_at, None);
    assert!(api.key.is_some() && listed[1].key.is_none() && listed[1].revoked_at.is_some());
}

#[tokio::test]
async fn a_server_accepts_the_keys_of_its_folder() {
    let first = Server::start().await;
    let folder = first.kill();
    let client = keys::create(folder.path(), KeyKind::Client, "web")
        .await
        .unwrap()
        .key
        .unwrap();
    let revoked = keys::create(folder.path(), KeyKind::Client, "old").await.unwrap();
    keys::revoke(folder.path(), &revoked.id).await.unwrap();
    let api = keys::create(folder.path(), KeyKind::Api, "jobs")
        .await
        .unwrap()
        .key
        .unwrap();
    let server = Server::start_in(folder, |_| {}).await;
    let user = |key: String| {
        let url = format!("{}/_api/rest/v1/auth/user", server.base);
        Reply::of(server.http.get(url).header("X-Client-Key", key))
    };

    user(client).await.refused(401, "missing_session_token");
    user(revoked.key.unwrap())
        .await
        .refused(401, "invalid_client_key");
    let data = json!({ "name": "Ada", "emailVerified": true });
    let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": data });
    let request = server
        .request(Method::POST, "auth/signup-email")
        .header("Authorization", api);
    assert_eq!(
        Reply::of(request.json(&body)).await.body["user"]["emailVerified"],
        true
    );
}

#[tokio::test]
async fn a_key_that_is_revoked_while_the_server_runs_ends_within_five_seconds() {
    let server = Server::start().await;
    let made = keys::create(server.folder(), KeyKind::Client, "web")
        .await
        .unwrap();
    let key = made.key.unwrap();
    let user = || {
        let url = format!("{}/_api/rest/v1/auth/user", server.base);
        Reply::of(server.http.get(url).header("X-Client-Key", &key))
    };
    user().await.refused(401, "missing_session_token");

    assert!(keys::revoke(server.folder(), &made.id).await.unwrap());
    server.clock.advance(Duration::from_secs(5));

    user().await.refused(401, "invalid_client_key");
}

/// SECURITY-BAR T-95: also where such a key came past the check of the settings.
#[tokio::test]
async fn an_empty_or_short_authorization_never_has_any_right() {
    for key in ["", "a", "fifteen-letters"] {
        let server = Server::start_with(|settings| settings.api_key = Some(key.to_owned())).await;
        let data = json!({ "name": "Ada", "emailVerified": true });
        let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": data });
        let request = server
            .request(Method::POST, "auth/signup-email")
            .header("Authorization", key);

        let reply = Reply::of(request.json(&body)).await;

        assert_eq!(reply.body["user"]["emailVerified"], false, "{key:?}");
    }
}

/// SECURITY-BAR T-95: a client key is in every page.
#[tokio::test]
async fn a_client_key_that_is_an_api_key_too_has_the_rights_of_a_client() {
    let key = "one-key-for-everything";
    let server = Server::start_with(|settings| {
        settings.client_key = Some(key.to_owned());
        settings.api_key = Some(key.to_owned());
    })
    .await;
    let data = json!({ "name": "Ada", "emailVerified": true });
    let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": data });
    let url = format!("{}/_api/rest/v1/auth/signup-email", server.base);
    let request = server.http.post(url).header("X-Client-Key", key);

    let reply = Reply::of(request.header("Authorization", key).json(&body)).await;

    assert_eq!(
        (reply.status, &reply.body["user"]["emailVerified"]),
        (200, &json!(false))
    );
}
