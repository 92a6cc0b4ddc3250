use std::time::Duration;

use reqwest::StatusCode;
use shared::{sessions::Response as Sessions, sign_in::Response};
use support::{Client, TestApp};

use crate::PASSWORD;

#[tokio::test]
async fn the_right_password_sets_a_cookie_that_scripts_cannot_read() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();

    let reply = client.sign_in(" ADA@example.com ", PASSWORD).await;

    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json::<Response>().user.name, "Ada");
    let cookie = reply
        .set_cookies()
        .into_iter()
        .find(|cookie| cookie.starts_with("session_token="))
        .unwrap();
    for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let token = client.cookie("session_token").unwrap();
    assert!(!reply.body.contains(&token));
}

#[tokio::test]
async fn unknown_address_and_wrong_password_get_one_answer() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;

    let wrong = app.client().sign_in("ada@example.com", "wrong password").await;
    let unknown = app.client().sign_in("nobody@example.com", "wrong password").await;

    assert_eq!(wrong.refusal(), (401, "invalid_credentials".to_owned()));
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    assert!(wrong.set_cookies().is_empty());
}

#[tokio::test]
async fn an_unverified_address_is_told_only_to_the_browser_that_signed_up() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.sign_up("Ada", "ada@example.com", PASSWORD).await;

    let here = client.sign_in("ada@example.com", PASSWORD).await;
    let wrong = client.sign_in("ada@example.com", "wrong password").await;
    let elsewhere = app.client().sign_in("ada@example.com", PASSWORD).await;

    assert_eq!(here.refusal(), (401, "email_not_verified".to_owned()));
    assert_eq!(wrong.refusal(), (401, "invalid_credentials".to_owned()));
    assert_eq!(elsewhere.refusal(), (401, "invalid_credentials".to_owned()));
}

#[tokio::test]
async fn a_planted_cookie_is_never_adopted() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let client = app.client();
    client.plant_cookie("session_token=chosen-by-somebody-else; Path=/");

    client.sign_in("ada@example.com", PASSWORD).await;

    assert_ne!(client.cookie("session_token").unwrap(), "chosen-by-somebody-else");
    assert_eq!(client.profile().await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_gets_the_session_of_the_request_before() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.client(), app.client());
    ada.join("Ada", "ada@example.com", PASSWORD).await;
    bob.join("Bob", "bob@example.com", PASSWORD).await;

    let visits = (0..60).map(|turn| {
        let client = [ada.clone(), app.client(), bob.clone()][turn % 3].clone();
        tokio::spawn(async move { (turn % 3, client.profile().await) })
    });

    for visit in visits.collect::<Vec<_>>() {
        let (who, reply) = visit.await.unwrap();
        match who {
            0 => assert_eq!(reply.json::<Response>().user.name, "Ada"),
            1 => assert_eq!(reply.refusal(), (401, "missing_session_token".to_owned())),
            _ => assert_eq!(reply.json::<Response>().user.name, "Bob"),
        }
    }
}

#[tokio::test]
async fn too_many_tries_have_to_wait() {
    let app = TestApp::spawn().await;
    let client = app.client();

    let mut last = client.sign_in("ada@example.com", "").await;
    for _ in 0..60 {
        if last.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        last = client.sign_in("ada@example.com", "").await;
    }

    assert_eq!(last.refusal(), (429, "rate_limit_exceeded".to_owned()));
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    let forged = client
        .request(reqwest::Method::POST, shared::sign_in::PATH)
        .header("x-forwarded-for", "192.0.2.7");
    let forged = support::Reply::of(forged.json(&serde_json::json!({ "email": "", "password": "" }))).await;
    assert_eq!(forged.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Lets days pass, then uses the client's only session and waits until that is written, which
/// happens beside the request.
async fn use_after(app: &TestApp, client: &Client, days: u64) {
    let last_seen_at = async || {
        client
            .sessions()
            .await
            .json::<Sessions>()
            .sessions
            .remove(0)
            .last_seen_at
    };
    let before = last_seen_at().await;
    app.clock.advance(Duration::from_hours(24 * days));
    let written = support::eventually(async || (last_seen_at().await > before).then_some(()));
    written.await.expect("the use is written");
}

#[tokio::test]
async fn an_unused_session_ends_after_its_days_and_every_session_after_more() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let days = |days: u64| Duration::from_hours(24 * days);

    for _ in 0..6 {
        use_after(&app, &client, 29).await;
    }
    app.clock.advance(days(7));
    assert_eq!(
        client.profile().await.refusal(),
        (401, "invalid_session_token".to_owned())
    );

    client.sign_in("ada@example.com", PASSWORD).await;
    app.clock.advance(days(31));
    assert_eq!(
        client.profile().await.refusal(),
        (401, "invalid_session_token".to_owned())
    );
}

#[tokio::test]
async fn signing_in_again_ends_the_browsers_former_session() {
    let app = TestApp::spawn_with(|settings| settings.confirm_email = false).await;
    app.join("Ada", "ada@example.com", PASSWORD).await;
    let former = app.client();
    let token = app.cookie("session_token").unwrap();
    former.plant_cookie(&format!("session_token={token}; Path=/"));
    assert_eq!(former.profile().await.status, StatusCode::OK);

    app.sign_in("ada@example.com", "not the password").await;
    assert_eq!(former.profile().await.status, StatusCode::OK);
    app.sign_in("ada@example.com", PASSWORD).await;

    let sessions = app.sessions().await.json::<Sessions>().sessions;
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].current);
    assert_eq!(former.profile().await.status, StatusCode::UNAUTHORIZED);

    app.magic_link("ada@example.com").await;
    let link = app.last_mail_to("ada@example.com").await;
    let access_token = app.open_link(&link).await;
    app.auth_redirect(&access_token, true).await;
    assert_eq!(app.sessions().await.json::<Sessions>().sessions.len(), 1);

    app.sign_up("Grace", "grace@example.com", PASSWORD).await;
    app.sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(app.sessions().await.json::<Sessions>().sessions.len(), 1);
}
