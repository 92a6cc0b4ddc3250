use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::support::{PASSWORD, Reply, Server};

#[tokio::test]
async fn the_list_shows_the_own_token_and_handles_of_the_others_newest_first() {
    let server = Server::start().await;
    let first = server.verified_user("ada@x.io").await;
    server.clock.advance(Duration::from_secs(1));
    let second = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");

    let reply = server.get("auth/sessions", Some(&second)).await;

    let sessions = reply.body.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["token"], second);
    assert_eq!(sessions[1]["token"], sessions[1]["id"]);
    assert!(sessions.iter().all(|session| session["userId"] == first.id));
    assert!(!String::from_utf8_lossy(&reply.bytes).contains(&first.token));
    assert!(sessions[0]["creationDtm"].as_str() > sessions[1]["creationDtm"].as_str());
    assert_eq!(sessions[0]["ip"], "127.0.0.1");
    assert!(sessions[0]["lastSeenAt"].is_string());
}

#[tokio::test]
async fn a_handle_opens_nothing() {
    let (server, user) = Server::with_user().await;
    let sessions = server.get("auth/sessions", Some(&user.token)).await;
    let handle = sessions.text("/0/id");

    server
        .get("auth/user", Some(&handle))
        .await
        .refused(401, "invalid_session_token");
    server
        .get(&format!("auth/grant?key={handle}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn the_list_is_the_users_own() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let grace = server.verified_user("grace@x.io").await;

    let sessions = server.get("auth/sessions", Some(&ada.token)).await;

    assert_eq!(sessions.body.as_array().unwrap().len(), 1);
    assert_eq!(sessions.text("/0/userId"), ada.id);
    assert_ne!(ada.id, grace.id);
    server
        .get("auth/sessions", None)
        .await
        .refused(401, "missing_session_token");
}

#[tokio::test]
async fn a_session_knows_its_browser() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
    let body = serde_json::json!({ "email": "ada@x.io", "password": PASSWORD });
    let request = server
        .request(Method::POST, "auth/signin-email")
        .header("User-Agent", firefox);

    let reply = Reply::of(request.json(&body)).await;

    assert_eq!(reply.text("/session/userAgent/family"), "Firefox");
    assert_eq!(reply.text("/session/userAgent/major"), "127");
    assert_eq!(reply.text("/session/userAgent/os/family"), "Linux");
}

#[tokio::test]
async fn the_forwarded_address_counts_only_from_a_trusted_proxy() {
    let address = async |server: &Server| {
        server.sign_up("ada@x.io").await;
        let key = server.mailed_key("ada@x.io").await;
        let request = server.request(Method::GET, &format!("auth/grant?key={key}"));
        Reply::of(request.header("X-Forwarded-For", "203.0.113.9"))
            .await
            .text("/session/ip")
    };

    let trusting =
        Server::start_with(|settings| settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    assert_eq!(address(&trusting.await).await, "203.0.113.9");
    assert_eq!(address(&Server::start().await).await, "127.0.0.1");
}

#[tokio::test]
async fn signing_out_all_others_keeps_the_own() {
    let (server, user) = Server::with_user().await;
    let other = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");
    let stranger = server.verified_user("grace@x.io").await;

    assert_eq!(
        server
            .post_empty("auth/signout-all-except", Some(&user.token))
            .await
            .status,
        200
    );

    assert_eq!(server.get("auth/user", Some(&user.token)).await.status, 200);
    server
        .get("auth/user", Some(&other))
        .await
        .refused(401, "invalid_session_token");
    assert_eq!(server.get("auth/user", Some(&stranger.token)).await.status, 200);
    server
        .post_empty("auth/signout-all-except", None)
        .await
        .refused(401, "missing_session_token");
}

#[tokio::test]
async fn an_unused_session_ends_and_a_used_one_lives_on() {
    let server = Server::start_with(|settings| settings.session_idle = Duration::from_hours(1)).await;
    let used = server.verified_user("ada@x.io").await.token;
    let unused = server.sign_in("ada@x.io", PASSWORD).await.text("/session/token");

    server.clock.advance(Duration::from_mins(50));
    assert_eq!(server.get("auth/user", Some(&used)).await.status, 200);
    wait_until_seen(&server, &used).await;
    server.clock.advance(Duration::from_secs(601));

    assert_eq!(server.get("auth/user", Some(&used)).await.status, 200);
    server
        .get("auth/user", Some(&unused))
        .await
        .refused(401, "invalid_session_token");
    assert_eq!(
        server
            .get("auth/sessions", Some(&used))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// The time of use is written beside the request.
async fn wait_until_seen(server: &Server, token: &str) {
    loop {
        let sessions = server.get("auth/sessions", Some(token)).await;
        let own = sessions
            .body
            .as_array()
            .unwrap()
            .iter()
            .find(|session| session["token"] == token)
            .cloned();
        let own = own.unwrap_or(Value::Null);
        if own["lastSeenAt"] != own["creationDtm"] {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_session_ends_at_its_absolute_limit() {
    let server = Server::start_with(|settings| settings.session_max = Duration::from_hours(1)).await;
    let token = server.verified_user("ada@x.io").await.token;

    server.clock.advance(Duration::from_secs(3590));
    assert_eq!(server.get("auth/user", Some(&token)).await.status, 200);
    server.clock.advance(Duration::from_secs(11));

    server
        .get("auth/user", Some(&token))
        .await
        .refused(401, "invalid_session_token");
}
