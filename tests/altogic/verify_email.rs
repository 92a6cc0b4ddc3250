use crate::support::Server;

#[tokio::test]
async fn a_second_mail_leaves_the_first_link_alive_until_one_is_used() {
    let server = Server::start().await;
    server.sign_up("a+b@x.io").await;
    let first = server.mailed_key("a+b@x.io").await;

    // As the official client sends it: unencoded.
    assert_eq!(
        server.post_empty("auth/resend?email=a+b@x.io", None).await.status,
        200
    );

    assert_eq!(server.mails("a+b@x.io").await.len(), 2);
    let second = server.mailed_key("a+b@x.io").await;
    assert_eq!(
        server.get(&format!("auth/grant?key={first}"), None).await.status,
        200
    );
    server
        .get(&format!("auth/grant?key={second}"), None)
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
            .post_empty(&format!("auth/resend?email={email}"), None)
            .await;
        answers.push((reply.status, reply.bytes));
    }

    assert!(
        answers
            .iter()
            .all(|answer| answer == &answers[0] && answer.0 == 200),
        "{answers:?}"
    );
    assert_eq!(server.mails("waits@x.io").await.len(), 2);
    assert_eq!(server.mails("verified@x.io").await.len(), 1);
    assert!(server.mails("nobody@x.io").await.is_empty());
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let server = Server::start().await;

    for query in ["", "?email=", "?email=nobody", "?email=a@b.c,d@e.f"] {
        assert_eq!(
            server
                .post_empty(&format!("auth/resend{query}"), None)
                .await
                .refused_fields(),
            ["email"]
        );
    }
}

#[tokio::test]
async fn compatible_errors_tell_addresses_apart() {
    let server = Server::start_with(|settings| settings.compat_errors = true).await;
    server.verified_user("verified@x.io").await;
    server.sign_up("waits@x.io").await;
    let resend = async |email: &str| {
        server
            .post_empty(&format!("auth/resend?email={email}"), None)
            .await
    };

    resend("nobody@x.io").await.refused(401, "invalid_credentials");
    resend("verified@x.io")
        .await
        .refused(401, "email_already_verified");
    assert_eq!(resend("waits@x.io").await.status, 200);
}

#[tokio::test]
async fn compatible_errors_tell_that_verification_is_off() {
    let server = Server::start_with(|settings| {
        settings.compat_errors = true;
        settings.confirm_email = false;
    })
    .await;
    server.sign_up("ada@x.io").await;

    server
        .post_empty("auth/resend?email=ada@x.io", None)
        .await
        .refused(401, "email_verification_disabled");
    server
        .post_empty("auth/send-magic?email=ada@x.io", None)
        .await
        .refused(401, "email_verification_disabled");
}
