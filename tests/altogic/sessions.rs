use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::support::{PASSWORD, Reply, Server, User};

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

/// The tokens of so many sessions beside the user's own, each opened a second after the one before.
async fn open_more(server: &Server, count: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for _ in 0..count {
        server.clock.advance(Duration::from_secs(1));
        let reply = server.sign_in("ada@x.io", PASSWORD).await;
        tokens.push(reply.text("/session/token"));
    }
    tokens
}

async fn is_alive(server: &Server, token: &str) -> bool {
    server.get("auth/user", Some(token)).await.status == 200
}

/// SECURITY-BAR T-13.
#[tokio::test]
async fn the_session_used_least_recently_ends_when_one_beyond_fifty_opens() {
    let (server, user) = Server::with_user().await;
    let tokens = open_more(&server, 49).await;
    server.clock.advance(Duration::from_mins(2));
    // The oldest is used, so the second is the one.
    assert!(is_alive(&server, &user.token).await);
    wait_until_seen(&server, &user.token).await;

    let last = open_more(&server, 1).await;

    assert!(is_alive(&server, &last[0]).await && is_alive(&server, &user.token).await);
    assert!(!is_alive(&server, &tokens[0]).await);
    assert!(is_alive(&server, &tokens[1]).await);
    let sessions = server.get("auth/sessions", Some(&last[0])).await;
    assert_eq!(sessions.body.as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn another_users_sessions_stay() {
    let (server, _ada) = Server::with_user().await;
    let grace = server.verified_user("grace@x.io").await;

    open_more(&server, 51).await;

    assert!(is_alive(&server, &grace.token).await);
}

/// As older versions left them.
async fn insert_thousands(server: &Server, user: &User) {
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2660)
                  INSERT INTO sessions (id, token_hash, user_id, user_agent, created_at, last_seen_at)
                  SELECT 'handle' || i, 'hash' || i, $1, $2, $3 + i, $3 + i FROM n";
    sqlx::query(insert)
        .bind(&user.id)
        .bind("\u{1}".repeat(512))
        .bind(server.clock.now().unix_timestamp() * 1000)
        .execute(&mut server.database().await)
        .await
        .unwrap();
}

#[tokio::test]
async fn thousands_of_sessions_of_an_older_version_still_give_a_list_with_the_own_one() {
    let (server, user) = Server::with_user().await;
    insert_thousands(&server, &user).await;

    let reply = server.get("auth/sessions", Some(&user.token)).await;

    let sessions = reply.body.as_array().unwrap();
    assert_eq!((reply.status, sessions.len()), (200, 50));
    assert!(sessions.iter().any(|session| session["token"] == user.token));
    assert!(reply.bytes.len() < 1024 * 1024, "{}", reply.bytes.len());

    let next = open_more(&server, 1).await;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions")
        .fetch_one(&mut server.database().await)
        .await
        .unwrap();
    assert_eq!(count, 50);
    assert!(is_alive(&server, &next[0]).await);
}
