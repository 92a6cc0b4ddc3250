use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

async fn server() -> Server {
    Server::start_with(|settings| {
        settings.rate_limits = true;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

fn sign_in_from(server: &Server, ip: &str, email: &str, password: &str) -> impl Future<Output = Reply> {
    let request = server.request(reqwest::Method::POST, "auth/signin-email");
    let body = json!({ "email": email, "password": password });
    Reply::of(request.header("X-Forwarded-For", ip).json(&body))
}

/// T-31, T-32: the pauses of one network grow, are the same whether there is an account or not, and
/// are no other network's.
#[tokio::test]
async fn wrong_passwords_pause_their_network_and_no_other() {
    let server = server().await;
    server.verified_user("ada@x.io").await;

    for email in ["ada@x.io", "nobody@x.io"] {
        for _ in 0..6 {
            sign_in_from(&server, "203.0.113.9", email, "another password")
                .await
                .refused(401, "invalid_credentials");
        }
        let reply = sign_in_from(&server, "203.0.113.9", email, PASSWORD).await;
        reply.refused(429, "rate_limit_exceeded");
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    }
    let owner = sign_in_from(&server, "198.51.100.1", "ada@x.io", PASSWORD).await;
    assert_eq!(owner.status, 200);

    let mut waits = Vec::new();
    for _ in 0..4 {
        server.clock.advance(std::time::Duration::from_mins(1));
        sign_in_from(&server, "203.0.113.9", "ada@x.io", "another password")
            .await
            .refused(401, "invalid_credentials");
        let reply = sign_in_from(&server, "203.0.113.9", "ada@x.io", PASSWORD).await;
        waits.push(reply.header("retry-after").parse::<u32>().unwrap());
    }
    assert!(waits.is_sorted() && waits[3] > waits[0], "{waits:?}");
}

/// T-32: callers on this machine are counted like any others.
#[tokio::test]
async fn a_caller_on_this_machine_cannot_guess_a_password() {
    let server = server().await;
    server.verified_user("ada@x.io").await;

    let mut refused = 0;
    for _ in 0..20 {
        refused += usize::from(server.sign_in("ada@x.io", "another password").await.status == 429);
    }

    assert!(refused >= 14, "{refused}");
}

/// T-33: a mailed link opens the account, whatever passwords are tried meanwhile.
#[tokio::test]
async fn a_mailed_link_works_while_strangers_try_passwords() {
    let server = server().await;
    server.verified_user("ada@x.io").await;
    for n in 0..40 {
        let ip = format!("203.0.113.{n}");
        for _ in 0..6 {
            sign_in_from(&server, &ip, "ada@x.io", "another password").await;
        }
    }
    sign_in_from(&server, "198.51.100.1", "ada@x.io", PASSWORD)
        .await
        .refused(429, "rate_limit_exceeded");

    let asked = server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    assert_eq!(asked.status, 200);
    let key = server.mailed_key("ada@x.io").await;
    assert_eq!(
        server.get(&format!("auth/grant?key={key}"), None).await.status,
        200
    );
}

/// T-34: a stolen session is no way to guess the password.
#[tokio::test]
async fn the_current_password_cannot_be_guessed_in_a_session() {
    let server = server().await;
    let user = server.verified_user("ada@x.io").await;

    for (path, field) in [
        ("auth/change-pwd", "oldPassword"),
        ("auth/change-email", "currentPassword"),
    ] {
        let mut refused = 0;
        for _ in 0..25 {
            let body = json!({ field: "a guess", "newPassword": "a new password", "newEmail": "new@x.io" });
            let reply = server.post(path, Some(&user.token), body).await;
            refused += usize::from(reply.status == 429);
        }
        assert!(refused >= 19, "{path}: {refused}");
    }
    // Strangers cannot do that to the way in.
    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

/// T-49: strangers neither use up an address's mails nor end a link that was mailed.
#[tokio::test]
async fn the_mails_that_one_network_asks_for_are_no_other_networks() {
    let server = server().await;
    let user = server.verified_user("ada@x.io").await;
    let ask = |path: &str, ip: &str, email: &str| {
        let request = server.request(reqwest::Method::POST, &format!("{path}?email={email}"));
        Reply::of(request.header("X-Forwarded-For", ip))
    };
    assert_eq!(
        ask("auth/send-magic", "198.51.100.1", "ada@x.io").await.status,
        200
    );
    let owners = server.mailed_key("ada@x.io").await;

    for email in ["ada@x.io", "nobody@x.io"] {
        for path in ["auth/send-magic", "auth/send-reset", "auth/resend"] {
            for _ in 0..5 {
                assert_eq!(ask(path, "203.0.113.9", email).await.status, 200);
            }
            // Honest, and the same whether there is an account or not.
            ask(path, "203.0.113.9", email)
                .await
                .refused(429, "rate_limit_exceeded");
        }
    }

    assert_eq!(
        ask("auth/send-magic", "198.51.100.1", "ada@x.io").await.status,
        200
    );
    assert_eq!(server.mails("ada@x.io").await.len(), 1 + 1 + 5 + 5 + 1);
    let granted = server.get(&format!("auth/grant?key={owners}"), None).await;
    assert_eq!(granted.text("/user/_id"), user.id);
    server.clock.advance(std::time::Duration::from_mins(12));
    assert_eq!(
        ask("auth/send-magic", "203.0.113.9", "ada@x.io").await.status,
        200
    );
}

/// T-49
#[tokio::test]
async fn foreign_sign_ups_leave_an_address_its_links_and_its_mails() {
    let server = server().await;
    let sign_up = |ip: &str| {
        let request = server.request(reqwest::Method::POST, "auth/signup-email");
        let body = json!({ "email": "ada@x.io", "password": PASSWORD });
        Reply::of(request.header("X-Forwarded-For", ip).json(&body))
    };
    let own = sign_up("198.51.100.1").await.text("/signUpToken");
    let key = server.mailed_key("ada@x.io").await;

    for _ in 0..5 {
        assert_eq!(sign_up("203.0.113.9").await.status, 200);
    }
    sign_up("203.0.113.9").await.refused(429, "rate_limit_exceeded");

    assert_eq!(sign_up("198.51.100.1").await.status, 200);
    assert_eq!(server.grant_own(&key, &own).await.status, 200);
    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn one_visitor_is_slowed_down_and_others_are_not() {
    let server = server().await;
    let grant = |ip: String| {
        let request = server.request(reqwest::Method::GET, "auth/grant?key=guess");
        Reply::of(request.header("X-Forwarded-For", ip))
    };

    let mut refused = 0;
    for _ in 0..70 {
        refused += usize::from(grant("203.0.113.9".to_owned()).await.status == 429);
    }

    assert!((1..=10).contains(&refused), "{refused}");
    grant("203.0.113.9".to_owned())
        .await
        .refused(429, "rate_limit_exceeded");
    grant("203.0.113.10".to_owned())
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn limits_can_be_off() {
    let server = Server::start().await;

    for _ in 0..12 {
        let body = json!({ "email": "ada@x.io", "password": "" });
        assert_eq!(server.post("auth/signin-email", None, body).await.status, 400);
        server
            .sign_in("ada@x.io", PASSWORD)
            .await
            .refused(401, "invalid_credentials");
    }
}
