use backend::embedded::Smtp;

use crate::support::{Server, SmtpSink};

async fn server_with(sink: &SmtpSink) -> Server {
    let smtp = Smtp {
        url: sink.url(),
        from: "Latchkey <noreply@x.io>".to_owned(),
        hello: "accounts.x.io".to_owned(),
    };
    Server::start_with(|settings| settings.smtp = Some(smtp)).await
}

/// The first link of a mail, its soft line breaks undone.
fn link(message: &str) -> String {
    let message = message.replace("=\r\n", "").replace("=3D", "=");
    let start = message.find("http://").unwrap();
    message[start..].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_mail_reaches_the_mail_server_in_two_parts() {
    let sink = SmtpSink::start(&[]).await;
    let server = server_with(&sink).await;

    server.sign_up("ada@x.io").await;

    let mail = &sink.delivered(1).await[0];
    assert_eq!(mail.to, "ada@x.io");
    for line in [
        "From: Latchkey <noreply@x.io>",
        "To: ada@x.io",
        "Subject: Confirm your signup",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(
            mail.message.contains(&format!("{line}\r\n")),
            "{line}: {}",
            mail.message
        );
    }
    for part in ["multipart/alternative", "text/plain", "text/html"] {
        assert!(mail.message.contains(part), "{part}");
    }
    let link = url::Url::parse(&link(&mail.message)).unwrap();
    let key = crate::support::query(&link, "key").unwrap();
    assert_eq!(
        server.get(&format!("auth/grant?key={key}"), None).await.status,
        200
    );
}

#[tokio::test]
async fn a_refused_mail_is_tried_again() {
    let sink = SmtpSink::start(&["451 later"]).await;
    let server = server_with(&sink).await;
    server.sign_up("ada@x.io").await;
    sink.asked(1).await;

    // The pause is over by the server's clock; the next mail wakes the worker.
    server.clock.advance(std::time::Duration::from_mins(1));
    loop {
        server.sign_up("grace@x.io").await;
        if sink.delivered(1).await.iter().any(|mail| mail.to == "ada@x.io") {
            break;
        }
    }
}

#[tokio::test]
async fn a_mail_refused_for_good_does_not_hold_up_the_next() {
    let sink = SmtpSink::start(&["550 no such mailbox"]).await;
    let server = server_with(&sink).await;

    server.sign_up("nobody@x.io").await;
    server.sign_up("ada@x.io").await;

    assert_eq!(sink.delivered(1).await[0].to, "ada@x.io");
}

#[tokio::test]
async fn what_waited_when_the_server_was_killed_is_sent_by_the_next() {
    let nowhere = Smtp {
        url: "smtp://127.0.0.1:1".to_owned(),
        from: "noreply@x.io".to_owned(),
        hello: "accounts.x.io".to_owned(),
    };
    let server = Server::start_with(|settings| settings.smtp = Some(nowhere)).await;
    server.sign_up("ada@x.io").await;
    let folder = server.kill();
    let sink = SmtpSink::start(&[]).await;
    let smtp = Smtp {
        url: sink.url(),
        from: "noreply@x.io".to_owned(),
        hello: "accounts.x.io".to_owned(),
    };

    let clock = backend::embedded::Clock::system();
    clock.advance(std::time::Duration::from_mins(1));
    let next = Server::start_in(folder, |settings| {
        settings.smtp = Some(smtp);
        settings.clock = clock;
    })
    .await;

    assert_eq!(sink.delivered(1).await[0].to, "ada@x.io");
    drop(next);
}

#[tokio::test]
async fn the_mail_server_is_greeted_with_the_name_that_is_set() {
    let sink = SmtpSink::start(&[]).await;
    let server = server_with(&sink).await;

    server.sign_up("ada@x.io").await;
    sink.delivered(1).await;

    assert_eq!(sink.greeted(), ["accounts.x.io"]);
}

#[tokio::test]
async fn a_mail_to_an_international_host_goes_to_its_ascii_form() {
    let sink = SmtpSink::start(&[]).await;
    let server = server_with(&sink).await;

    server.sign_up("ada@bücher.example").await;

    let mail = &sink.delivered(1).await[0];
    assert_eq!(mail.to, "ada@xn--bcher-kva.example");
    assert!(mail.message.contains("To: ada@xn--bcher-kva.example\r\n"));
}

#[tokio::test]
async fn an_address_that_the_mail_server_cannot_reach_is_given_up_at_once_with_the_true_reason() {
    let sink = SmtpSink::start(&[]).await;
    let server = server_with(&sink).await;

    server.sign_up("zoë@x.io").await;
    server.sign_up("ada@x.io").await;

    assert_eq!(sink.delivered(1).await[0].to, "ada@x.io");
    let database = server.folder().join("latchkey.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let (next, reason): (Option<i64>, String) =
        sqlx::query_as("SELECT next_attempt_at, last_error FROM outbox WHERE to_address = 'zoë@x.io'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(next, None);
    assert!(reason.contains("SMTPUTF8"), "{reason}");
}
