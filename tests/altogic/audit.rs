use std::collections::BTreeSet;
use std::time::Duration;

use backend::embedded::audit::{AuditEvent, AuditLog, Filter};
use backend::embedded::keys::{self, KeyKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Reply, Server, User};

/// What is recorded, newest first.
pub async fn recorded(server: &Server, filter: Filter) -> Vec<AuditEvent> {
    let mut log = AuditLog::open(server.folder()).await.unwrap();
    log.page(&filter, None, 1000).await.unwrap()
}

pub async fn all(server: &Server) -> Vec<AuditEvent> {
    recorded(server, Filter::default()).await
}

pub fn of(user: &str) -> Filter {
    Filter {
        user: Some(user.to_owned()),
        ..Filter::default()
    }
}

pub fn named(event: &str) -> Filter {
    Filter {
        event: Some(event.to_owned()),
        ..Filter::default()
    }
}

/// The latest event of this name.
pub async fn latest(server: &Server, event: &str) -> AuditEvent {
    let events = recorded(server, named(event)).await;
    events.into_iter().next().unwrap_or_else(|| panic!("no {event}"))
}

pub async fn rename(server: &Server, user: &User, values: Value) {
    let body = json!({ "model": "users", "id": user.id, "values": values });
    let reply = server.post("db/object/update", Some(&user.token), body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

pub async fn delete(server: &Server, user: &User) {
    let body = json!({ "model": "users", "id": user.id });
    let reply = server.post("db/object/delete", Some(&user.token), body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn the_end_of_a_session_is_recorded_with_whoever_ended_it() {
    let (server, user) = Server::with_user().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(server.sign_in("ada@x.io", PASSWORD).await.text("/session/id"));
    }
    let own = server.get("auth/sessions", Some(&user.token)).await;
    let own = own
        .body
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["token"] == user.token.as_str());
    let own = own.unwrap()["id"].as_str().unwrap().to_owned();

    let body = json!({ "token": others[0] });
    server.post("auth/signout", Some(&user.token), body.clone()).await;
    // It is gone already, so nothing happens.
    server.post("auth/signout", Some(&user.token), body).await;
    server
        .post_empty("auth/signout-all-except", Some(&user.token))
        .await;
    server.post_empty("auth/signout", Some(&user.token)).await;

    let ended = recorded(&server, named("session-ended")).await;
    assert_eq!(ended.len(), 3);
    assert!(
        ended
            .iter()
            .all(|event| event.reason.as_deref() == Some("by-owner"))
    );
    assert!(
        ended
            .iter()
            .all(|event| event.account.as_deref() == Some(&user.id))
    );
    let handles: BTreeSet<_> = ended.iter().filter_map(|event| event.object.clone()).collect();
    assert_eq!(handles, others.into_iter().collect());
    let out = recorded(&server, named("sign-out")).await;
    assert_eq!((out.len(), out[0].object.as_ref()), (1, Some(&own)));
    assert_eq!((out[0].result, &out[0].reason), ("ok", &None));
}

#[tokio::test]
async fn all_sessions_at_once_end_with_a_row_for_each() {
    let (server, user) = Server::with_user().await;
    server.sign_in("ada@x.io", PASSWORD).await;

    server.post_empty("auth/signout-all", Some(&user.token)).await;

    assert_eq!(recorded(&server, named("session-ended")).await.len(), 1);
    assert_eq!(recorded(&server, named("sign-out")).await.len(), 1);
}

#[tokio::test]
async fn a_changed_profile_is_recorded_without_what_is_in_it() {
    let (server, user) = Server::with_user().await;

    rename(&server, &user, json!({ "name": "Grace Hopper", "age": 5 })).await;
    rename(&server, &user, json!({ "age": 6 })).await;
    rename(
        &server,
        &user,
        json!({ "profilePicture": "http://x.io/secret.png" }),
    )
    .await;

    assert_eq!(recorded(&server, named("name-changed")).await.len(), 1);
    assert_eq!(recorded(&server, named("picture-changed")).await.len(), 1);
    let text = serde_json::to_string(&all(&server).await).unwrap();
    assert!(!text.contains("Grace") && !text.contains("secret.png"), "{text}");
}

/// T-77.
#[tokio::test]
async fn a_deleted_account_leaves_its_rows_under_its_id_and_nothing_that_names_it() {
    let (server, user) = Server::with_user().await;
    rename(&server, &user, json!({ "name": "Grace Hopper" })).await;

    delete(&server, &user).await;

    let left = recorded(&server, of(&user.id)).await;
    let events: Vec<&str> = left.iter().map(|event| event.event.as_str()).collect();
    assert!(
        events.starts_with(&["account-deleted", "name-changed"]),
        "{events:?}"
    );
    let text = serde_json::to_string(&left).unwrap();
    for personal in ["ada", "x.io", "Grace", "Hopper", "127.0.0.1"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test]
async fn keys_made_and_revoked_are_recorded() {
    let server = Server::start().await;

    let key = keys::create(server.folder(), KeyKind::Api, "jobs").await.unwrap();
    keys::revoke(server.folder(), &key.id).await.unwrap();
    keys::revoke(server.folder(), &key.id).await.unwrap();

    let events = all(&server).await;
    let events: Vec<_> = events
        .iter()
        .map(|event| (event.event.as_str(), event.object.as_deref()))
        .collect();
    let id = Some(key.id.as_str());
    assert_eq!(events, [("key-revoked", id), ("key-made", id)]);
    let text = serde_json::to_string(&all(&server).await).unwrap();
    assert!(!text.contains(&key.key.unwrap()), "{text}");
}

/// T-94.
#[tokio::test]
async fn where_it_was_asked_is_cut_short_and_said_in_our_own_words() {
    let server = Server::start_with(|settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for (ip, network) in [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
    ] {
        let user = server.verified_user("ada@x.io").await;
        let agent = "Mozilla/5.0 (X11; Linux x86_64; canary) Gecko/20100101 Firefox/140.0 canary";
        let request = server
            .request(Method::POST, "db/object/delete")
            .header("Session", &user.token)
            .header("X-Forwarded-For", ip)
            .header("X-Request-Id", "edge-77")
            .header("User-Agent", agent);
        let body = json!({ "model": "users", "id": user.id });
        let reply = Reply::of(request.json(&body)).await;

        let event = latest(&server, "account-deleted").await;
        assert_eq!(event.network.as_deref(), Some(network));
        assert_eq!(event.device.as_deref(), Some("Firefox on Linux"));
        assert_eq!(event.request_id.as_deref(), Some("edge-77"));
        assert_eq!(reply.header("x-request-id"), "edge-77");
    }
}

/// T-94.
#[tokio::test]
async fn a_client_does_not_choose_the_id_of_its_request() {
    let (server, user) = Server::with_user().await;

    let request = server
        .request(Method::POST, "auth/signout")
        .header("Session", &user.token)
        .header("X-Request-Id", "chosen");
    let reply = Reply::of(request).await;

    let event = latest(&server, "sign-out").await;
    assert_eq!(event.request_id.as_deref(), Some(reply.header("x-request-id")));
    assert_eq!(reply.header("x-request-id").len(), 16);
    assert_ne!(reply.header("x-request-id"), "chosen");
}

#[tokio::test]
async fn rows_are_kept_for_their_time_and_no_longer() {
    let (server, user) = Server::with_user().await;
    rename(&server, &user, json!({ "name": "Grace" })).await;
    let days = |days: u64| Duration::from_hours(24 * days);

    server.embedded.close().await;
    let later = Server::start_in(server.kill(), |settings| settings.clock.advance(days(399))).await;
    later.embedded.close().await;
    assert_eq!(recorded(&later, named("name-changed")).await.len(), 1);

    let latest = Server::start_in(later.kill(), |settings| settings.clock.advance(days(401))).await;
    latest.embedded.close().await;
    assert!(recorded(&latest, of(&user.id)).await.is_empty());
    let own = recorded(&latest, named("events-expired")).await;
    assert!(own[0].count >= 1, "{own:?}");
}

#[tokio::test]
async fn events_are_read_in_pages_and_by_time() {
    let (server, user) = Server::with_user().await;
    for name in ["A", "B"] {
        rename(&server, &user, json!({ "name": name })).await;
    }
    server.clock.advance(Duration::from_hours(1));
    let since = server.clock.now();
    rename(&server, &user, json!({ "name": "C" })).await;

    let mut log = AuditLog::open(server.folder()).await.unwrap();
    let filter = named("name-changed");
    let first = log.page(&filter, None, 2).await.unwrap();
    let second = log.page(&filter, Some(first[1].id), 2).await.unwrap();

    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(first[0].at > first[1].at && first[1].at >= second[0].at);
    let latest = Filter {
        since: Some(since),
        ..named("name-changed")
    };
    assert_eq!(recorded(&server, latest).await.len(), 1);
    let by_address = recorded(&server, of("Ada@x.io")).await;
    assert!(by_address.len() >= 3, "{by_address:?}");
    assert!(log.page(&of("nonsense"), None, 1).await.is_err());
}

#[tokio::test]
async fn a_folder_without_a_database_is_told_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();

    assert!(AuditLog::open(folder.path()).await.is_err());

    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
