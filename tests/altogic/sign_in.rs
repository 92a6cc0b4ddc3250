use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let (server, user) = Server::with_user().await;

    let reply = server.sign_in(" ADA@X.io ", PASSWORD).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.text("/user/_id"), user.id);
    assert_eq!(reply.text("/session/userId"), user.id);
    assert_ne!(reply.text("/session/token"), user.token);
    assert_eq!(reply.body["session"]["accessGroupKeys"], json!([]));
    for pointer in [
        "/session/creationDtm",
        "/session/userAgent/family",
        "/session/userAgent/os/family",
    ] {
        reply.text(pointer);
    }
}

#[tokio::test]
async fn last_login_moves_with_each_sign_in() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    server.clock.advance(std::time::Duration::from_hours(1));

    let reply = server.sign_in("ada@x.io", PASSWORD).await;

    assert!(reply.text("/user/lastLoginAt") > reply.text("/user/signUpAt"));
}

#[tokio::test]
async fn unknown_address_and_wrong_password_are_refused_alike() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;

    let unknown = server.sign_in("nobody@x.io", PASSWORD).await;
    let wrong = server.sign_in("ada@x.io", "another password").await;

    unknown.refused(401, "invalid_credentials");
    assert_eq!(unknown.bytes, wrong.bytes);
    assert_eq!(unknown.status, wrong.status);
}

/// T-28: sign-up and sign-in together do not tell whether an address has an account.
#[tokio::test]
async fn an_unverified_address_is_told_only_to_the_client_that_signed_up() {
    let server = Server::start().await;
    server.verified_user("taken@x.io").await;
    let choice = "the attacker's choice";
    let sign_in = async |email: &str, token: Option<&str>| {
        let request = server.request(reqwest::Method::POST, "auth/signin-email");
        let request = match token {
            Some(token) => request.header("Sign-Up-Token", token),
            None => request,
        };
        let body = serde_json::json!({ "email": email, "password": choice });
        crate::support::Reply::of(request.json(&body)).await
    };

    for email in ["taken@x.io", "free@x.io"] {
        let body = serde_json::json!({ "email": email, "password": choice });
        let signed_up = server.post("auth/signup-email", None, body).await;
        let token = signed_up.text("/signUpToken");

        let strangers = sign_in(email, None).await;
        let another = sign_in(email, Some(&"x".repeat(43))).await;
        assert_eq!(strangers.bytes, another.bytes);
        strangers.refused(401, "invalid_credentials");
        sign_in(email, Some(&token))
            .await
            .refused(401, "email_not_verified");
        server
            .sign_in(email, "not even that")
            .await
            .refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn compatible_errors_tell_an_unverified_address() {
    let server = Server::start_with(|settings| settings.compat_errors = true).await;
    server.sign_up("ada@x.io").await;

    server
        .sign_in("ada@x.io", "another password")
        .await
        .refused(401, "email_not_verified");
}

#[tokio::test]
async fn each_refused_field_has_one_item() {
    let server = Server::start().await;

    assert_eq!(
        server.sign_in("nobody", "").await.refused_fields(),
        ["email", "password"]
    );
    assert_eq!(
        server.sign_in("a@b.c", &"x".repeat(2000)).await.refused_fields(),
        ["password"]
    );
}

#[tokio::test]
async fn a_short_password_of_older_rules_still_opens_its_account() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;

    server
        .sign_in("ada@x.io", "short")
        .await
        .refused(401, "invalid_credentials");
}
