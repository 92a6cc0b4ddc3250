use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

#[tokio::test]
async fn a_fresh_address_gets_an_account_a_mail_and_no_session() {
    let server = Server::start().await;

    let reply = server.sign_up("Ada@X.io").await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body["session"].is_null());
    let user = &reply.body["user"];
    assert_eq!(user["email"], "ada@x.io");
    assert_eq!(user["name"], "Ada");
    assert_eq!(user["provider"], "altogic");
    assert_eq!(user["providerUserId"], user["_id"]);
    assert_eq!(user["emailVerified"], false);
    assert_eq!(user["lastLoginAt"], user["signUpAt"]);
    assert_eq!(user["_id"].as_str().unwrap().len(), 24);
    assert!(user.get("password").is_none());
    let mails = server.mails("ada@x.io").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["subject"], "Confirm your signup");
}

#[tokio::test]
async fn each_refused_field_has_one_item() {
    let server = Server::start().await;
    let sign_up = async |email: &str, password: &str| {
        server
            .post(
                "auth/signup-email",
                None,
                json!({ "email": email, "password": password }),
            )
            .await
    };

    assert_eq!(sign_up("nobody", PASSWORD).await.refused_fields(), ["email"]);
    assert_eq!(sign_up("a@b.c", "short").await.refused_fields(), ["password"]);
    assert_eq!(
        sign_up("nobody", "short").await.refused_fields(),
        ["email", "password"]
    );
    assert_eq!(
        server
            .post_empty("auth/signup-email", None)
            .await
            .refused_fields(),
        ["email", "password"]
    );
    let wrong_types = json!({ "email": 1, "password": [], "nameOrUserData": 5 });
    let reply = server.post("auth/signup-email", None, wrong_types).await;
    assert_eq!(reply.refused_fields(), ["name", "email", "password"]);
}

#[tokio::test]
async fn a_password_of_name_or_address_is_refused() {
    let server = Server::start().await;

    for password in ["lovelace-1815", "countess-1815"] {
        let body =
            json!({ "email": "countess@x.io", "password": password, "nameOrUserData": "Ada Lovelace" });

        assert_eq!(
            server
                .post("auth/signup-email", None, body)
                .await
                .refused_fields(),
            ["password"]
        );
    }
}

#[tokio::test]
async fn a_longer_minimum_counts() {
    let server = Server::start_with(|settings| settings.password_min_length = 30).await;

    assert_eq!(server.sign_up("ada@x.io").await.refused_fields(), ["password"]);
}

#[tokio::test]
async fn a_taken_address_is_answered_as_a_fresh_one_and_its_owner_told() {
    let (server, user) = Server::with_user().await;

    let fresh = server.sign_up("grace@x.io").await;
    let taken = server.sign_up("ada@x.io").await;

    assert_eq!((taken.status, fresh.status), (200, 200));
    let keys = |reply: &Reply| {
        reply.body["user"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&taken), keys(&fresh));
    assert_eq!(taken.body["user"]["emailVerified"], false);
    assert_ne!(taken.text("/user/_id"), user.id);
    assert!(taken.body["session"].is_null());
    let mail = &server.mails("ada@x.io").await[0];
    assert_eq!(mail["subject"], "You already have an account");
    let key = server.mailed_key("ada@x.io").await;
    let granted = server.get(&format!("auth/grant?key={key}"), None).await;
    assert_eq!(granted.text("/user/_id"), user.id);
}

#[tokio::test]
async fn a_taken_account_keeps_its_password() {
    let server = Server::start().await;
    server.verified_user("ada@x.io").await;
    let body = json!({ "email": "ada@x.io", "password": "the attacker's choice" });

    assert_eq!(server.post("auth/signup-email", None, body).await.status, 200);

    server
        .sign_in("ada@x.io", "the attacker's choice")
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn twenty_sign_ups_at_once_make_one_account() {
    let server = std::sync::Arc::new(Server::start().await);
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move { server.sign_up("ada@x.io").await.status })
        })
        .collect();

    for one in tries {
        assert_eq!(one.await.unwrap(), 200);
    }

    let mails = server.mails("ada@x.io").await;
    assert_eq!(mails.len(), 20);
    let mut granted = 0;
    for mail in &mails {
        let link = url::Url::parse(mail["links"][0].as_str().unwrap()).unwrap();
        let key = crate::support::query(&link, "key").unwrap();
        granted += usize::from(server.get(&format!("auth/grant?key={key}"), None).await.status == 200);
    }
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn without_confirmation_sign_up_signs_in_and_a_taken_address_is_told() {
    let server = Server::start_with(|settings| settings.confirm_email = false).await;

    let reply = server.sign_up("ada@x.io").await;

    assert_eq!(reply.text("/session/userId"), reply.text("/user/_id"));
    let token = reply.text("/session/token");
    assert_eq!(
        server.get("auth/user", Some(&token)).await.text("/email"),
        "ada@x.io"
    );
    assert!(server.mails("ada@x.io").await.is_empty());
    server.sign_up("ada@x.io").await.refused(400, "email_not_unique");
}

#[tokio::test]
async fn compatible_errors_tell_a_taken_address() {
    let server = Server::start_with(|settings| settings.compat_errors = true).await;
    server.verified_user("ada@x.io").await;

    server.sign_up("ada@x.io").await.refused(400, "email_not_unique");
}

#[tokio::test]
async fn user_data_is_merged_but_sets_no_system_field() {
    let server = Server::start().await;
    let data = json!({
        "name": "Ada", "surname": "Lovelace", "age": 36, "_id": "0", "provider": "google", "emailVerified": true,
        "phone": "+15555555555", "email": "other@x.io", "signUpAt": "1970-01-01T00:00:00.000Z",
    });
    let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": data });

    let reply = server.post("auth/signup-email", None, body).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    let user = &reply.body["user"];
    assert_eq!((&user["surname"], &user["age"]), (&json!("Lovelace"), &json!(36)));
    assert_eq!(user["email"], "ada@x.io");
    assert_eq!(user["provider"], "altogic");
    assert_eq!(user["emailVerified"], false);
    assert!(user.get("phone").is_none());
    assert!(!user["signUpAt"].as_str().unwrap().starts_with("1970"));
    assert!(reply.body["session"].is_null());
}

#[tokio::test]
async fn only_an_api_key_may_say_that_an_address_is_verified() {
    let server = Server::start().await;
    let body = |email| {
        let data = json!({ "name": "Ada", "emailVerified": true });
        json!({ "email": email, "password": PASSWORD, "nameOrUserData": data })
    };
    let sign_up = |email, key| {
        let request = server
            .request(Method::POST, "auth/signup-email")
            .header("Authorization", key);
        Reply::of(request.json(&body(email)))
    };

    let with_key = sign_up("ada@x.io", "an-api-key-of-the-tests").await;
    let with_wrong_key = sign_up("grace@x.io", "another-key").await;

    assert_eq!(with_key.body["user"]["emailVerified"], true);
    assert!(with_key.body["session"].is_object());
    assert_eq!(with_wrong_key.body["user"]["emailVerified"], false);
    assert!(with_wrong_key.body["session"].is_null());
}

#[tokio::test]
async fn odd_user_data_is_refused() {
    let server = Server::start().await;

    for data in [
        json!({ "$where": 1 }),
        json!({ "_hidden": 1 }),
        json!({ "a.b": 1 }),
        json!({ "x": "y".repeat(70_000) }),
    ] {
        let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": data });

        let reply = server.post("auth/signup-email", None, body).await;

        assert_eq!(reply.refused_fields(), ["nameOrUserData"]);
    }
}

/// SECURITY-BAR T-38: the address may be somebody else's.
#[tokio::test]
async fn a_verification_mail_carries_no_message_of_its_asker() {
    let server = Server::start().await;

    for (number, name) in [
        "evil.example",
        "evil\u{3002}example",
        "evil\u{2024}example",
        "mail me@evil.example",
        "Call 0900 12345",
        "You won! Reply at once",
        "Your account is locked please reply today",
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("victim{number}@x.io");
        let body = json!({ "email": email, "password": PASSWORD, "nameOrUserData": name });
        assert_eq!(server.post("auth/signup-email", None, body).await.status, 200);

        let mail = &server.mails(&email).await[0];

        assert!(mail["text"].as_str().unwrap().starts_with("Hello,"), "{mail}");
        for part in ["subject", "text", "html"] {
            assert!(!mail[part].as_str().unwrap().contains(name), "{mail}");
        }
    }
}

#[tokio::test]
async fn a_name_of_what_is_not_seen_is_refused() {
    let server = Server::start().await;

    for name in [
        "\u{3164}",
        "\u{2800}",
        "Ada\u{202e}",
        "Ada\u{2028}Lovelace",
        "Ada\u{85}x",
        "\u{200b}Ada",
    ] {
        let body = json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": name });
        server
            .post("auth/signup-email", None, body)
            .await
            .refused(400, "validation_error");
    }
}

#[tokio::test]
async fn two_spellings_of_one_address_are_one_account() {
    let server = Server::start().await;
    server.verified_user("ada@bücher.example").await;

    for spelling in [
        "ada@xn--bcher-kva.example",
        "ADA@XN--BCHER-KVA.example",
        "ada@bu\u{308}cher.example",
        "\u{200b}ada@bücher.example\u{feff}",
    ] {
        let signed_in = server.sign_in(spelling, PASSWORD).await;
        assert_eq!(signed_in.status, 200, "{spelling}: {}", signed_in.body);
        assert_eq!(signed_in.text("/user/email"), "ada@bücher.example");
    }
}
