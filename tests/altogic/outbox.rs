use std::time::Duration;

use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn mails_are_listed_newest_first_for_one_address() {
    let server = Server::start().await;
    server.sign_up("ada@x.io").await;
    server.sign_up("grace@x.io").await;
    server.clock.advance(Duration::from_secs(1));
    server.post_empty("auth/resend?email=ada@x.io", None).await;

    let mails = server.mails("ADA@x.io").await;
    let all = server.open("/outbox.json").await;

    assert_eq!(mails.len(), 2);
    assert!(mails[0]["created_at"].as_str() > mails[1]["created_at"].as_str());
    assert_eq!(all.body.as_array().unwrap().len(), 3);
    for key in ["id", "to", "subject", "text", "html", "links", "created_at"] {
        assert!(mails[0].get(key).is_some(), "{key}");
    }
    let link = mails[0]["links"][0].as_str().unwrap();
    assert!(mails[0]["text"].as_str().unwrap().contains(link));
    assert!(
        mails[0]["html"]
            .as_str()
            .unwrap()
            .contains(&link.replace('&', "&#38;"))
    );
    assert!(
        link.starts_with(&format!("{}/_auth/verify?key=", server.base)),
        "{link}"
    );
}

#[tokio::test]
async fn the_page_has_the_link_and_nothing_inline() {
    let server = Server::start().await;
    let body =
        json!({ "email": "ada@x.io", "password": PASSWORD, "nameOrUserData": "<script>alert(1)</script>" });
    server.post("auth/signup-email", None, body).await;
    let link = server.mailed_link("ada@x.io").await;

    let page = server.open("/outbox").await;
    let style = server.open("/outbox.css").await;

    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(
        html.contains(&format!("<a href=\"{}\"", link.as_str().replace('&', "&#38;"))),
        "{html}"
    );
    assert!(
        !html.contains("<script") && !html.contains(" style=") && !html.contains("<style"),
        "{html}"
    );
    let csp = page.header("content-security-policy");
    assert!(
        csp.contains("default-src 'none'") && csp.contains("style-src 'self'"),
        "{csp}"
    );
    assert!(!csp.contains("unsafe"), "{csp}");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
}

#[tokio::test]
async fn with_a_mail_server_there_is_no_outbox() {
    let server = Server::start_with(|settings| {
        settings.smtp = Some(backend::embedded::Smtp {
            url: "smtp://127.0.0.1:1".to_owned(),
            from: "noreply@x.io".to_owned(),
            hello: "accounts.x.io".to_owned(),
        });
    })
    .await;

    for path in ["/outbox", "/outbox.json", "/outbox.css"] {
        assert_eq!(server.open(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_host_header_does_not_reach_a_link() {
    let server = Server::start().await;
    let request = server.request(reqwest::Method::POST, "auth/signup-email");
    let request = request
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example");
    let reply = request
        .json(&json!({ "email": "ada@x.io", "password": PASSWORD }))
        .send()
        .await
        .unwrap();

    assert_eq!(reply.status(), 200);
    assert!(
        server
            .mailed_link("ada@x.io")
            .await
            .as_str()
            .starts_with(&server.base)
    );
}
