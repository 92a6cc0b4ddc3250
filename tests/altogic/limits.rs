use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

async fn server() -> Server {
    Server::start_with(|settings| {
        settings.rate_limits = true;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn one_account_bears_ten_tries_whether_it_exists_or_not() {
    let server = server().await;
    server.verified_user("ada@x.io").await;

    for email in ["ada@x.io", "nobody@x.io"] {
        for _ in 0..10 {
            server
                .sign_in(email, "another password")
                .await
                .refused(401, "invalid_credentials");
        }
        let reply = server.sign_in(email, PASSWORD).await;
        reply.refused(429, "rate_limit_exceeded");
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    }

    // The owner still has a way in.
    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;
    assert_eq!(
        server.get(&format!("auth/grant?key={key}"), None).await.status,
        200
    );
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
