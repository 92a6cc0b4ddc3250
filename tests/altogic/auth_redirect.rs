use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::support::{Reply, Server, query};

#[tokio::test]
async fn a_link_redirects_with_its_token_and_keeps_the_query() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let link = server.mailed_link("ada@x.io").await;
    let key = query(&link, "key").unwrap();

    let reply = server.open(link.as_str()).await;

    assert_eq!(reply.status, 302);
    assert_eq!(
        reply.header("location"),
        format!(
            "http://app.example/auth-redirect?lang=en&status=200&action=email-confirm&access_token={key}"
        )
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn opening_a_link_twenty_times_changes_nothing() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let link = server.mailed_link("ada@x.io").await;

    for _ in 0..20 {
        assert_eq!(server.open(link.as_str()).await.status, 302);
        assert_eq!(Reply::of(server.http.head(link.clone())).await.status, 302);
    }

    server
        .sign_in("ada@x.io", crate::support::PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    let key = query(&link, "key").unwrap();
    assert_eq!(
        server.get(&format!("auth/grant?key={key}"), None).await.status,
        200
    );
}

#[tokio::test]
async fn a_dead_link_redirects_with_the_reason() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let link = server.mailed_link("ada@x.io").await;
    server.clock.advance(Duration::from_secs(3601));
    let expected = |action: &str| {
        format!(
            "http://app.example/auth-redirect?lang=en&status=400{action}&error=Invalid+or+expired+access+token"
        )
    };

    let expired = server.open(link.as_str()).await;
    let made_up = server.open("/_auth/verify?key=x&action=magic-link").await;
    let no_action = server.open("/_auth/verify?action=%0d%0aX:y").await;

    assert_eq!(
        (expired.status, made_up.status, no_action.status),
        (302, 302, 302)
    );
    assert_eq!(expired.header("location"), expected("&action=email-confirm"));
    assert_eq!(made_up.header("location"), expected("&action=magic-link"));
    assert_eq!(no_action.header("location"), expected(""));
}

#[tokio::test]
async fn a_link_for_another_action_is_dead() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let key = server.mailed_key("ada@x.io").await;

    let reply = server
        .open(&format!("/_auth/verify?key={key}&action=reset-pwd"))
        .await;

    let location = Url::parse(reply.header("location")).unwrap();
    assert_eq!(query(&location, "status").as_deref(), Some("400"));
    assert_eq!(query(&location, "access_token"), None);
}

#[tokio::test]
async fn a_grant_verifies_the_address_and_opens_a_session() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let key = server.mailed_key("ada@x.io").await;

    let granted = server.get(&format!("auth/grant?key={key}"), None).await;

    assert_eq!(granted.status, 200, "{}", granted.body);
    assert_eq!(granted.body["user"]["emailVerified"], true);
    let token = granted.text("/session/token");
    assert_eq!(
        server.get("auth/user", Some(&token)).await.body,
        granted.body["user"]
    );
}

#[tokio::test]
async fn of_fifty_redemptions_at_once_one_succeeds() {
    let server = Arc::new(Server::start().await);
    server.sign_up("ada@x.io").await;
    let key = server.mailed_key("ada@x.io").await;
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (server, path) = (server.clone(), format!("auth/grant?key={key}"));
            tokio::spawn(async move { server.get(&path, None).await })
        })
        .collect();

    let mut granted = 0;
    for one in tries {
        let reply = one.await.unwrap();
        if reply.status == 200 {
            granted += 1;
        } else {
            reply.refused(403, "invalid_access_token");
        }
    }

    assert_eq!(granted, 1);
}

#[tokio::test]
async fn a_grant_without_a_living_key_is_refused() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let key = server.mailed_key("ada@x.io").await;
    server.clock.advance(Duration::from_secs(3601));

    server
        .get("auth/grant", None)
        .await
        .refused(400, "missing_access_token");
    server
        .get("auth/grant?key=", None)
        .await
        .refused(400, "missing_access_token");
    server
        .get("auth/grant?key=made-up", None)
        .await
        .refused(403, "invalid_access_token");
    server
        .get(&format!("auth/grant?key={key}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn whose_link_it_is_can_be_asked_without_redeeming_it() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    let key = server.mailed_key("ada@x.io").await;
    let path = format!("auth/access-token?key={key}");

    for _ in 0..3 {
        let reply = server.get(&path, None).await;
        assert_eq!(
            reply.body,
            serde_json::json!({ "email": "ada@x.io", "action": "email-confirm", "needs": "password" })
        );
    }
    assert_eq!(
        server.get(&format!("auth/grant?key={key}"), None).await.status,
        200
    );

    server.get(&path, None).await.refused(403, "invalid_access_token");
    server
        .get("auth/access-token", None)
        .await
        .refused(400, "missing_access_token");
}
