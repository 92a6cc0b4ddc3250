use std::collections::BTreeSet;

use backend::embedded::audit::EVENTS;
use backend::embedded::keys::{self, KeyKind};
use reqwest::Method;
use serde_json::json;

use crate::audit::{all, delete, latest, of, recorded, rename};
use crate::support::{PASSWORD, Reply, Server, User};

async fn reset(server: &Server, key: &str, password: &str) -> Reply {
    let body = json!({ "newPassword": password });
    server
        .post(&format!("auth/reset-pwd?key={key}"), None, body)
        .await
}

async fn change_password(server: &Server, user: &User, old: &str, new: &str) -> Reply {
    let body = json!({ "oldPassword": old, "newPassword": new });
    server.post("auth/change-pwd", Some(&user.token), body).await
}

async fn change_email(server: &Server, user: &User, email: &str) -> Reply {
    let body = json!({ "currentPassword": PASSWORD, "newEmail": email });
    server.post("auth/change-email", Some(&user.token), body).await
}

async fn press(server: &Server, key: &str) -> Reply {
    let request = server.http.post(format!("{}/_auth/verify", server.base));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    Reply::of(request.body(format!("key={key}"))).await
}

/// T-94.
#[tokio::test]
async fn every_event_of_an_account_is_recorded() {
    let (server, user) = Server::with_user().await;
    server.post_empty("auth/resend?email=ada@x.io", None).await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;
    server.get(&format!("auth/grant?key={key}"), None).await;
    rename(
        &server,
        &user,
        json!({ "name": "Grace", "profilePicture": "http://x.io/a" }),
    )
    .await;
    change_email(&server, &user, "new@x.io").await;
    let cancel = server.request(Method::DELETE, "auth/change-email");
    Reply::of(cancel.header("Session", &user.token)).await;
    change_email(&server, &user, "new@x.io").await;
    press(&server, &server.mailed_key("new@x.io").await).await;
    let changed = change_password(&server, &user, PASSWORD, "another long password").await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    server.post_empty("auth/signout", Some(&user.token)).await;
    server.post_empty("auth/send-reset?email=new@x.io", None).await;
    let key = server.mailed_key("new@x.io").await;
    assert_eq!(reset(&server, &key, PASSWORD).await.status, 200);
    let token = server.sign_in("new@x.io", PASSWORD).await.text("/session/token");
    let user = User { id: user.id, token };
    delete(&server, &user).await;
    let key = keys::create(server.folder(), KeyKind::Api, "jobs").await.unwrap();
    keys::revoke(server.folder(), &key.id).await.unwrap();

    let events = all(&server).await;
    let seen: BTreeSet<&str> = events.iter().map(|event| event.event.as_str()).collect();
    let own = ["events-dropped", "events-expired"];
    let expected = EVENTS.iter().copied().filter(|event| !own.contains(event));
    assert_eq!(seen, expected.collect());
    // What anybody may ask for with an address stands under the address's digest.
    let no_account = [
        "sign-up-asked",
        "verification-asked",
        "magic-link-asked",
        "password-reset-asked",
        "key-made",
        "key-revoked",
    ];
    for event in events {
        let is_of_account = event.account.as_deref() == Some(&user.id);
        assert!(
            is_of_account || no_account.contains(&event.event.as_str()),
            "{event:?}"
        );
        assert!(event.at.ends_with('Z'), "{event:?}");
        let by_command = event.event.starts_with("key-");
        assert_eq!(event.network.as_deref(), (!by_command).then_some("127.0.0.0/24"));
        assert_eq!(event.request_id.map(|id| id.len()), (!by_command).then_some(16));
    }
    let text = serde_json::to_string(&all(&server).await).unwrap();
    assert!(!text.contains("x.io"), "{text}");
}

/// T-29: a row for either, of the same kind.
#[tokio::test]
async fn an_unknown_address_is_recorded_as_often_as_a_known_one_and_not_readable() {
    let server = Server::start().await;
    let user = server.verified_user("ada@x.io").await;
    let before = all(&server).await.len();
    let mut shapes = Vec::new();

    for email in ["ada@x.io", "nobody@x.io"] {
        let start = all(&server).await.len();
        server.sign_in(email, "a wrong password").await;
        for path in ["resend", "send-magic", "send-reset"] {
            server
                .post_empty(&format!("auth/{path}?email={email}"), None)
                .await;
        }
        server.sign_up(email).await;
        let events = all(&server).await;
        let events = &events[..events.len() - start];
        shapes.push(events.iter().map(|event| event.event.clone()).collect::<Vec<_>>());
        let known = email == "ada@x.io";
        for event in events {
            // Only a password is checked against an account before the answer.
            let names_it = known && event.event == "sign-in-by-password";
            let whose = (event.account.as_deref(), event.address_digest.is_some());
            assert_eq!(
                whose,
                (names_it.then_some(user.id.as_str()), !names_it),
                "{event:?}"
            );
        }
    }

    assert_eq!(shapes[0], shapes[1]);
    assert_eq!(shapes[0].len(), 5);
    let text = serde_json::to_string(&all(&server).await).unwrap();
    assert!(!text.contains("nobody") && !text.contains("x.io"), "{text}");
    let of_nobody = recorded(&server, of("nobody@x.io")).await;
    assert_eq!((of_nobody.len(), all(&server).await.len()), (5, before + 10));
}

#[tokio::test]
async fn refusals_are_recorded_with_their_reason() {
    let server = Server::start_with(|settings| settings.rate_limits = true).await;
    let user = server.verified_user("ada@x.io").await;
    let token = server.sign_up("waits@x.io").await.text("/signUpToken");

    server.sign_in("ada@x.io", "a wrong password").await;
    server.sign_in("nobody@x.io", "a wrong password").await;
    let waits = json!({ "email": "waits@x.io", "password": PASSWORD });
    let waits = server.request(Method::POST, "auth/signin-email").json(&waits);
    Reply::of(waits.header("Sign-Up-Token", token)).await;
    for _ in 0..9 {
        server.sign_in("ada@x.io", "a wrong password").await;
    }
    server
        .sign_in("ada@x.io", PASSWORD)
        .await
        .refused(429, "rate_limit_exceeded");
    change_password(&server, &user, "a wrong password", "another long password").await;
    server.get("auth/grant?key=guess", None).await;
    reset(&server, "guess", PASSWORD).await;

    let refused: Vec<_> = all(&server)
        .await
        .into_iter()
        .filter(|event| event.result == "refused")
        .collect();
    let refused: BTreeSet<_> = refused
        .iter()
        .map(|event| (event.event.as_str(), event.reason.as_deref().unwrap_or_default()))
        .collect();
    let expected = [
        ("password-changed", "wrong-password"),
        ("password-reset", "invalid-link"),
        ("sign-in-by-link", "invalid-link"),
        ("sign-in-by-password", "no-account"),
        ("sign-in-by-password", "not-verified"),
        ("sign-in-by-password", "rate-limited"),
        ("sign-in-by-password", "wrong-password"),
    ];
    assert_eq!(refused, BTreeSet::from(expected));
}

#[tokio::test]
async fn sessions_that_a_new_password_ends_say_so() {
    let (server, user) = Server::with_user().await;
    let other = server.sign_in("ada@x.io", PASSWORD).await.text("/session/id");

    change_password(&server, &user, PASSWORD, "another long password").await;

    let ended = latest(&server, "session-ended").await;
    assert_eq!(ended.object.as_deref(), Some(other.as_str()));
    assert_eq!(ended.reason.as_deref(), Some("password-change"));
}
