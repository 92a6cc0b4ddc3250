use std::fs;

use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let (server, user) = Server::with_user().await;
    server.sign_up("waits@x.io").await;
    let key = server.mailed_key("waits@x.io").await;
    let client_key = server.embedded.client_key().to_owned();
    server.embedded.close().await;

    let next = Server::start_in(server.kill(), |_| {}).await;

    assert_eq!(next.embedded.client_key(), client_key);
    assert_eq!(
        next.get("auth/user", Some(&user.token)).await.text("/email"),
        "ada@x.io"
    );
    assert_eq!(next.mailed_key("waits@x.io").await, key);
    assert_eq!(next.get(&format!("auth/grant?key={key}"), None).await.status, 200);
    assert_eq!(next.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_not_closed_loses_nothing() {
    let (server, user) = Server::with_user().await;

    let next = Server::start_in(server.kill(), |_| {}).await;

    assert_eq!(next.get("auth/user", Some(&user.token)).await.status, 200);
}

#[tokio::test]
async fn a_closed_server_refuses_in_words() {
    let server = Server::start().await;

    server.embedded.close().await;

    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(503, "server_busy");
}

#[tokio::test]
async fn the_database_holds_no_secret() {
    let (server, user) = Server::with_user().await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;
    server
        .post(
            "auth/signin-email",
            None,
            json!({ "email": "ada@x.io", "password": PASSWORD }),
        )
        .await;

    let mut read = 0;
    for entry in fs::read_dir(server.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("latchkey.db")
        {
            let bytes = fs::read(&path).unwrap();
            read += bytes.len();
            for secret in [
                user.token.as_str(),
                key.as_str(),
                PASSWORD,
                "an-api-key-of-the-tests",
            ] {
                let found = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "{}", path.display());
            }
        }
    }
    assert!(read > 10_000);
}

#[tokio::test]
async fn files_of_the_server_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data");

    let server = Server::start_with(|settings| settings.data_dir = inner.clone()).await;

    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(
        fs::metadata(inner.join("link.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    drop(server);
}
