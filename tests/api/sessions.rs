use reqwest::StatusCode;
use shared::{Session, SessionId, sessions::Response};
use support::{Client, TestApp};

use crate::PASSWORD;

async fn sessions(client: &Client) -> Vec<Session> {
    client.sessions().await.json::<Response>().sessions
}

#[tokio::test]
async fn each_browser_is_listed_by_its_names_newest_first() {
    let app = TestApp::spawn().await;
    let (first, second) = (app.client(), app.client());
    first.join("Ada", "ada@example.com", PASSWORD).await;
    app.clock.advance(std::time::Duration::from_secs(5));
    second.sign_in("ada@example.com", PASSWORD).await;

    let listed = sessions(&first).await;

    assert_eq!(
        listed.iter().map(|session| session.current).collect::<Vec<_>>(),
        [false, true]
    );
    assert!(listed[0].created_at > listed[1].created_at);
    assert_eq!(
        (listed[0].browser.as_deref(), listed[0].os.as_deref()),
        (Some("Firefox"), Some("Linux"))
    );
    assert_eq!(listed[0].ip.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn no_token_of_any_session_leaves_the_server() {
    let app = TestApp::spawn().await;
    let clients = [app.client(), app.client(), app.client()];
    clients[0].join("Ada", "ada@example.com", PASSWORD).await;
    clients[1].sign_in("ada@example.com", PASSWORD).await;
    clients[2].sign_in("ada@example.com", PASSWORD).await;

    let reply = clients[0].sessions().await;

    for client in &clients {
        assert!(!reply.body.contains(&client.cookie("session_token").unwrap()));
    }
}

#[tokio::test]
async fn ending_another_session_ends_exactly_that_one() {
    let app = TestApp::spawn().await;
    let clients = [app.client(), app.client(), app.client()];
    clients[0].join("Ada", "ada@example.com", PASSWORD).await;
    for client in &clients[1..] {
        app.clock.advance(std::time::Duration::from_secs(5));
        client.sign_in("ada@example.com", PASSWORD).await;
    }
    let listed = sessions(&clients[0]).await;

    let reply = clients[0].end_session(&listed[0].id).await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(
        clients[2].profile().await.refusal(),
        (401, "invalid_session_token".to_owned())
    );
    assert_eq!(clients[1].profile().await.status, StatusCode::OK);
    assert_eq!(clients[0].profile().await.status, StatusCode::OK);
    assert_eq!(
        clients[0].end_session(&listed[0].id).await.refusal(),
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn ending_all_others_keeps_this_one() {
    let app = TestApp::spawn().await;
    let (here, there) = (app.client(), app.client());
    here.join("Ada", "ada@example.com", PASSWORD).await;
    there.sign_in("ada@example.com", PASSWORD).await;

    let reply = here.end_other_sessions().await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(there.profile().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sessions(&here).await.len(), 1);
}

#[tokio::test]
async fn another_users_session_is_not_there() {
    let app = TestApp::spawn().await;
    let (ada, eve) = (app.client(), app.client());
    ada.join("Ada", "ada@example.com", PASSWORD).await;
    eve.join("Eve", "eve@example.com", PASSWORD).await;
    let other = app.client();
    other.sign_in("ada@example.com", PASSWORD).await;

    for session in sessions(&ada).await {
        assert_eq!(
            eve.end_session(&session.id).await.refusal(),
            (404, "not_found".to_owned())
        );
    }
    let made_up = SessionId::try_from("made-up".to_owned()).unwrap();
    assert_eq!(
        eve.end_session(&made_up).await.refusal(),
        (404, "not_found".to_owned())
    );
    assert_eq!(ada.profile().await.status, StatusCode::OK);
    assert_eq!(other.profile().await.status, StatusCode::OK);
}

/// Every answer under `/api` is JSON, also where the framework refuses by itself.
#[tokio::test]
async fn an_address_that_cannot_be_read_is_refused_in_json() {
    let app = TestApp::spawn().await;
    app.join("Ada", "ada@example.com", PASSWORD).await;

    for path in ["/api/sessions/%ff", "/api/sessions/%C3%28", "/api/%ff"] {
        let reply = app.request(reqwest::Method::DELETE, path);
        let reply = support::Reply::of(reply).await;

        assert!(matches!(reply.status.as_u16(), 400 | 404), "{path}: {reply:?}");
        let content_type = reply.header("content-type");
        assert_eq!(content_type, Some("application/json; charset=utf-8"), "{path}");
        assert_eq!(reply.error().status, reply.status.as_u16(), "{path}");
    }
}
