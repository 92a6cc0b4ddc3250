use std::pin::pin;
use std::time::Duration;

use backend::embedded::Smtp;
use sqlx::Connection as _;
use tokio::time::timeout;

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

    advance_until(&server, sink.delivered(1)).await;

    assert_eq!(sink.delivered(1).await[0].to, "ada@x.io");
}

/// Moves the clock until it happens: what waits for a time begins to wait at any moment.
async fn advance_until<T>(server: &Server, happens: impl Future<Output = T>) -> T {
    let mut happens = pin!(happens);
    loop {
        server.clock.advance(Duration::from_mins(1));
        if let Ok(value) = timeout(Duration::from_millis(50), &mut happens).await {
            return value;
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
    // Longer than a pause, and than the lease of a mail that was being sent.
    clock.advance(Duration::from_mins(2));
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

/// SECURITY-BAR T-86: a mail that was sent while the database could not be written.
#[tokio::test]
async fn a_mail_is_sent_once_however_long_the_database_is_locked() {
    let sink = SmtpSink::start(&[SmtpSink::HANGS]).await;
    let server = server_with(&sink).await;
    server.sign_up("ada@x.io").await;
    sink.asked(1).await;
    let mut other = server.database().await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();

    sink.release();
    sink.delivered(1).await;
    // Longer than any lease, and as long as a write waits for the lock.
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(server.sign_up("grace@x.io").await.status, 503);
    lock.rollback().await.unwrap();
    server.sign_up("grace@x.io").await;

    let to_grace = async {
        loop {
            let delivered = sink.delivered(2).await;
            if delivered.iter().any(|mail| mail.to == "grace@x.io") {
                return delivered;
            }
            sink.delivered(delivered.len() + 1).await;
        }
    };
    let delivered = advance_until(&server, to_grace).await;
    assert_eq!(delivered.iter().filter(|mail| mail.to == "ada@x.io").count(), 1);
}

#[tokio::test]
async fn a_mail_server_that_hangs_on_some_mails_does_not_hold_up_others() {
    let sink = SmtpSink::start(&[SmtpSink::HANGS, SmtpSink::HANGS, SmtpSink::HANGS]).await;
    let server = server_with(&sink).await;

    for (number, person) in ["a@x.io", "b@x.io", "c@x.io", "ada@x.io"].into_iter().enumerate() {
        server.sign_up(person).await;
        sink.asked(number + 1).await;
    }

    assert_eq!(sink.delivered(1).await[0].to, "ada@x.io");
}

#[tokio::test]
async fn two_servers_on_one_database_send_each_mail_once() {
    let sink = SmtpSink::start(&[]).await;
    let smtp = Smtp {
        url: sink.url(),
        from: "noreply@x.io".to_owned(),
        hello: "accounts.x.io".to_owned(),
    };
    let nowhere = Smtp {
        url: "smtp://127.0.0.1:1".to_owned(),
        ..smtp.clone()
    };
    let first = Server::start_with(|settings| settings.smtp = Some(nowhere)).await;
    for number in 0..30 {
        first.sign_up(&format!("person{number}@x.io")).await;
    }
    first.embedded.close().await;
    let folder = first.kill();
    let clock = backend::embedded::Clock::system();
    clock.advance(Duration::from_mins(2));

    let start = || {
        Server::start_in(folder.clone(), |settings| {
            settings.smtp = Some(smtp.clone());
            settings.clock = clock.clone();
        })
    };
    let servers = tokio::join!(start(), start());
    sink.delivered(30).await;
    // Each finishes what it has begun.
    tokio::join!(servers.0.embedded.close(), servers.1.embedded.close());

    let mut receivers: Vec<String> = sink.delivered(30).await.into_iter().map(|mail| mail.to).collect();
    receivers.sort();
    receivers.dedup();
    assert_eq!((receivers.len(), sink.delivered(30).await.len()), (30, 30));
}
