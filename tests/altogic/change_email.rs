use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Reply, Server, User, query};

async fn ask(server: &Server, user: &User, password: &str, email: &str) -> Reply {
    let body = json!({ "currentPassword": password, "newEmail": email });
    server.post("auth/change-email", Some(&user.token), body).await
}

/// Presses the button of the mailed page.
async fn press(server: &Server, key: &str) -> Reply {
    let request = server.http.post(format!("{}/_auth/verify", server.base));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    Reply::of(request.body(format!("key={key}&action=change-email"))).await
}

const DONE: &str = "http://app.example/auth-redirect?lang=en&status=200&action=change-email";
const DEAD: &str = "http://app.example/auth-redirect?lang=en&status=400&action=change-email\
                    &error=Invalid+or+expired+access+token";

#[tokio::test]
async fn the_account_moves_when_the_button_is_pressed() {
    let (server, user) = Server::with_user().await;

    let asked = ask(&server, &user, PASSWORD, "New@x.io").await;

    assert_eq!(
        (asked.status, asked.text("/email")),
        (200, "ada@x.io".to_owned()),
        "{}",
        asked.body
    );
    let mails = server.mails("ada@x.io").await;
    assert_eq!(
        mails[0]["subject"],
        "A new address for your account was asked for"
    );
    let link = server.mailed_link("new@x.io").await;
    for _ in 0..3 {
        let page = server.open(link.as_str()).await;
        let html = String::from_utf8(page.bytes.clone()).unwrap();
        assert_eq!(page.status, 200);
        assert!(
            html.contains("<strong>new@x.io</strong>") && html.contains("method=\"post\""),
            "{html}"
        );
        assert!(
            page.header("content-security-policy")
                .contains("form-action 'self' http://app.example;")
        );
    }
    assert_eq!(
        server.open("/_auth/page.css").await.header("content-type"),
        "text/css; charset=utf-8"
    );
    assert_eq!(
        server.get("auth/user", Some(&user.token)).await.text("/email"),
        "ada@x.io"
    );

    let key = query(&link, "key").unwrap();
    let pressed = press(&server, &key).await;

    assert_eq!((pressed.status, pressed.header("location")), (303, DONE));
    let moved = server.get("auth/user", Some(&user.token)).await;
    assert_eq!(
        (moved.text("/email"), &moved.body["emailVerified"]),
        ("new@x.io".to_owned(), &json!(true))
    );
    assert_eq!(
        server.mails("ada@x.io").await[0]["subject"],
        "The address of your account was changed"
    );
    assert_eq!(server.sign_in("new@x.io", PASSWORD).await.status, 200);
    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    let again = press(&server, &key).await;
    assert_eq!((again.status, again.header("location")), (303, DEAD));
    assert_eq!(server.open(link.as_str()).await.header("location"), DEAD);
}

#[tokio::test]
async fn wrong_fields_and_passwords_are_refused() {
    let (server, user) = Server::with_user().await;

    ask(&server, &user, "another password", "new@x.io")
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(
        ask(&server, &user, "", "x").await.refused_fields(),
        ["currentPassword", "newEmail"]
    );
    assert_eq!(
        ask(&server, &user, PASSWORD, "ADA@x.io").await.refused_fields(),
        ["newEmail"]
    );
    server
        .post_empty("auth/change-email", None)
        .await
        .refused(401, "missing_session_token");

    assert!(server.mails("new@x.io").await.is_empty());
}

#[tokio::test]
async fn a_taken_address_is_answered_as_a_free_one() {
    let (server, user) = Server::with_user().await;
    server.verified_user("grace@x.io").await;

    let taken = ask(&server, &user, PASSWORD, "grace@x.io").await;
    let waits_for_taken = waiting(&server, &user).await;
    let free = ask(&server, &user, PASSWORD, "new@x.io").await;

    assert_eq!((taken.status, taken.bytes), (free.status, free.bytes));
    assert_eq!(waits_for_taken, json!({ "newEmail": "grace@x.io" }));
    assert_eq!(
        server.mails("grace@x.io").await[0]["subject"],
        "You already have an account"
    );
}

async fn waiting(server: &Server, user: &User) -> Value {
    server.get("auth/change-email", Some(&user.token)).await.body
}

#[tokio::test]
async fn what_waits_is_shown_replaced_and_cancelled() {
    let (server, user) = Server::with_user().await;
    assert_eq!(waiting(&server, &user).await, Value::Null);

    ask(&server, &user, PASSWORD, "one@x.io").await;
    let first = server.mailed_key("one@x.io").await;
    ask(&server, &user, PASSWORD, "two@x.io").await;
    let second = server.mailed_key("two@x.io").await;
    assert_eq!(waiting(&server, &user).await, json!({ "newEmail": "two@x.io" }));
    assert_eq!(press(&server, &first).await.header("location"), DEAD);
    let cancel = server
        .request(Method::DELETE, "auth/change-email")
        .header("Session", &user.token);
    assert_eq!(Reply::of(cancel).await.status, 200);

    assert_eq!(waiting(&server, &user).await, Value::Null);
    assert_eq!(press(&server, &second).await.header("location"), DEAD);
}

#[tokio::test]
async fn an_address_taken_meanwhile_stays_its_owners() {
    let (server, user) = Server::with_user().await;
    ask(&server, &user, PASSWORD, "grace@x.io").await;
    let key = server.mailed_key("grace@x.io").await;
    let grace = server.verified_user("grace@x.io").await;

    assert_eq!(press(&server, &key).await.header("location"), DEAD);

    assert_eq!(
        server.get("auth/user", Some(&grace.token)).await.text("/email"),
        "grace@x.io"
    );
    assert_eq!(
        server.get("auth/user", Some(&user.token)).await.text("/email"),
        "ada@x.io"
    );
}

#[tokio::test]
async fn without_confirmation_the_account_moves_at_once() {
    let server = Server::start_with(|settings| settings.confirm_email = false).await;
    let signed_up = server.sign_up("ada@x.io").await;
    server.sign_up("grace@x.io").await;
    let user = User {
        id: signed_up.text("/user/_id"),
        token: signed_up.text("/session/token"),
    };

    ask(&server, &user, PASSWORD, "grace@x.io")
        .await
        .refused(400, "email_not_unique");
    let moved = ask(&server, &user, PASSWORD, "new@x.io").await;

    assert_eq!(
        (moved.text("/email"), &moved.body["emailVerified"]),
        ("new@x.io".to_owned(), &json!(false))
    );
    assert_eq!(
        server.mails("ada@x.io").await[0]["subject"],
        "The address of your account was changed"
    );
}

#[tokio::test]
async fn compatible_errors_tell_a_taken_address() {
    let server = Server::start_with(|settings| settings.compat_errors = true).await;
    let user = server.verified_user("ada@x.io").await;
    server.verified_user("grace@x.io").await;

    ask(&server, &user, "another password", "grace@x.io")
        .await
        .refused(400, "email_not_unique");
}
