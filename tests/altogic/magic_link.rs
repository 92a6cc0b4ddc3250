use std::time::Duration;

use crate::support::Server;

#[tokio::test]
async fn a_magic_link_works_once() {
    let (server, user) = Server::with_user().await;

    assert_eq!(
        server
            .post_empty("auth/send-magic?email=ada@x.io", None)
            .await
            .status,
        200
    );

    assert_eq!(server.mails("ada@x.io").await[0]["subject"], "Your magic link");
    let key = server.mailed_key("ada@x.io").await;
    let granted = server.get(&format!("auth/grant?key={key}"), None).await;
    assert_eq!(granted.text("/user/_id"), user.id);
    server
        .get(&format!("auth/grant?key={key}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn every_well_formed_address_gets_one_answer_and_mail_only_where_it_is_due() {
    let server = Server::start().await;
    server.sign_up("waits@x.io").await;
    server.verified_user("verified@x.io").await;

    let mut answers = Vec::new();
    for email in ["waits@x.io", "verified@x.io", "nobody@x.io"] {
        let reply = server
            .post_empty(&format!("auth/send-magic?email={email}"), None)
            .await;
        answers.push((reply.status, reply.bytes));
    }

    assert!(
        answers
            .iter()
            .all(|answer| answer == &answers[0] && answer.0 == 200),
        "{answers:?}"
    );
    assert_eq!(server.mails("waits@x.io").await.len(), 1);
    assert_eq!(server.mails("verified@x.io").await.len(), 2);
    assert!(server.mails("nobody@x.io").await.is_empty());
}

#[tokio::test]
async fn a_magic_link_lives_ten_minutes() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;

    server.clock.advance(Duration::from_secs(590));
    assert_eq!(
        server
            .get(&format!("auth/access-token?key={key}"), None)
            .await
            .status,
        200
    );
    server.clock.advance(Duration::from_secs(11));

    server
        .get(&format!("auth/grant?key={key}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn a_newer_link_leaves_the_older_alive_until_one_is_used() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let older = server.mailed_key("ada@x.io").await;
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;

    let newer = server.mailed_key("ada@x.io").await;
    assert_eq!(
        server.get(&format!("auth/grant?key={older}"), None).await.status,
        200
    );
    server
        .get(&format!("auth/grant?key={newer}"), None)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn compatible_errors_tell_addresses_apart() {
    let server = Server::start_with(|settings| settings.compat_errors = true).await;
    server.sign_up("waits@x.io").await;

    server
        .post_empty("auth/send-magic?email=nobody@x.io", None)
        .await
        .refused(401, "invalid_credentials");
    server
        .post_empty("auth/send-magic?email=waits@x.io", None)
        .await
        .refused(401, "email_not_verified");
    assert_eq!(
        server
            .post_empty("auth/send-magic?email=nobody", None)
            .await
            .refused_fields(),
        ["email"]
    );
}
