//! What is deleted is erased from the database's files (SECURITY-BAR T-77).

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::support::{PASSWORD, Server, User, eventually};

const NAME: &str = "Wilhelmina Zyx";
const FORMER: &str = "former-wilhelmina@x.io";
const PRESENT: &str = "present-wilhelmina@x.io";
const NEXT: &str = "next-wilhelmina@x.io";
const MARKS: [&str; 2] = ["Wilhelmina", "wilhelmina@"];

/// Every byte of the database, its log and whatever lies beside them.
fn is_anywhere(folder: &Path, text: &str) -> bool {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files = files.filter(|path| path.is_file());
    files.any(|path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// An account that moved from one address to another and is about to move on.
async fn wilhelmina(server: &Server) -> User {
    let body = json!({ "email": FORMER, "password": PASSWORD, "nameOrUserData": NAME });
    assert_eq!(server.post("auth/signup-email", None, body).await.status, 200);
    let key = server.mailed_key(FORMER).await;
    let granted = server.get(&format!("auth/grant?key={key}"), None).await;
    let token = granted.text("/session/token");
    for (to, redeem) in [(PRESENT, true), (NEXT, false)] {
        let body = json!({ "currentPassword": PASSWORD, "newEmail": to });
        let asked = server.post("auth/change-email", Some(&token), body).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        if redeem {
            let key = server.mailed_key(to).await;
            let press = server.http.post(format!("{}/_auth/verify", server.base));
            let press = press.header("Content-Type", "application/x-www-form-urlencoded");
            press
                .body(format!("key={key}&action=change-email"))
                .send()
                .await
                .unwrap();
            let user = server.get("auth/user", Some(&token)).await;
            assert_eq!(user.text("/email"), to);
        }
    }
    User {
        id: granted.text("/user/_id"),
        token,
    }
}

async fn delete(server: &Server, user: &User) {
    let body = json!({ "model": "users", "id": user.id, "options": {} });
    let deleted = server.post("db/object/delete", Some(&user.token), body).await;
    assert_eq!(deleted.status, 200, "{}", deleted.body);
}

#[tokio::test]
async fn a_deleted_account_is_in_no_file_of_a_running_server_within_the_hour() {
    let server = Server::start().await;
    let user = wilhelmina(&server).await;
    for mark in MARKS {
        assert!(is_anywhere(server.folder(), mark), "{mark}");
    }
    let grace = server.verified_user("grace@x.io").await;

    delete(&server, &user).await;
    server.clock.advance(Duration::from_hours(1));

    for mark in MARKS {
        eventually(async || !is_anywhere(server.folder(), mark)).await;
    }
    assert!(is_anywhere(server.folder(), "grace@x.io"));
    assert_eq!(server.get("auth/user", Some(&grace.token)).await.status, 200);
}

#[tokio::test]
async fn a_deleted_account_is_in_no_file_after_a_clean_stop() {
    let server = Server::start().await;
    let user = wilhelmina(&server).await;
    delete(&server, &user).await;

    server.embedded.close().await;

    for mark in MARKS {
        assert!(!is_anywhere(server.folder(), mark), "{mark}");
    }
}

/// A session that is known must not outlive rows that got other numbers.
#[tokio::test]
async fn sessions_end_at_once_also_after_the_database_was_written_anew() {
    let server = Server::start().await;
    let gone = server.verified_user("gone@x.io").await;
    let ada = server.verified_user("ada@x.io").await;
    delete(&server, &gone).await;
    assert_eq!(server.get("auth/user", Some(&ada.token)).await.status, 200);
    server.clock.advance(Duration::from_hours(1));
    eventually(async || !is_anywhere(server.folder(), "gone@x.io")).await;

    assert_eq!(server.get("auth/user", Some(&ada.token)).await.status, 200);
    server.post_empty("auth/signout", Some(&ada.token)).await;

    server
        .get("auth/user", Some(&ada.token))
        .await
        .refused(401, "invalid_session_token");
}
