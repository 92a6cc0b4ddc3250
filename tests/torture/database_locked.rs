//! A database that another program has locked for a while (T-87), with a mail just sent.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use support::{Client, PATIENCE, SmtpSink, TestBinary, eventually};
use tokio::time::{sleep, timeout};

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// How long others write while it is locked, and how long it is locked: each is refused by then.
const WRITTEN: Duration = Duration::from_secs(30);
const LOCKED: Duration = Duration::from_secs(40);
/// The longest time for a refusal; callers must not wait for other programs.
const REFUSAL: Duration = Duration::from_secs(10);
/// Writes at the same moment.
const WRITERS: usize = 6;
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn torture(outcome: &mut Outcome) {
    let sink = SmtpSink::start(&[SmtpSink::HANGS]).await;
    let smtp_url = sink.url();
    let settings = [
        ("RATE_LIMITS", "off"),
        ("CONFIRM_EMAIL", "false"),
        ("SMTP_URL", &smtp_url),
        ("MAIL_FROM", "noreply@example.com"),
    ];
    let app = TestBinary::start(&settings).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    app.client().join("Grace", "grace@example.com", PASSWORD).await;
    client.magic_link("ada@example.com").await;
    let asked = timeout(PATIENCE, sink.asked(1)).await;
    outcome.require(asked.is_ok(), "the mail server is asked");

    let database = SqliteConnectOptions::new().filename(app.data_dir().join("latchkey.db"));
    let mut other = database.connect().await.expect("the database can be opened");
    let lock = other
        .begin_with("BEGIN IMMEDIATE")
        .await
        .expect("it can be locked");
    // The mail server takes the mail now, and that cannot be written.
    sink.release();
    let start = Instant::now();
    let reading = tokio::spawn(read(app.client(), client.clone(), start));
    let writing = (0..WRITERS).map(|_| tokio::spawn(write(client.clone(), start)));
    let writing: Vec<_> = writing.collect();
    let mut not_ready = None;
    while start.elapsed() < LOCKED {
        if client.get("/readyz").await.status == StatusCode::SERVICE_UNAVAILABLE {
            not_ready.get_or_insert(start.elapsed());
        }
        sleep(PAUSE).await;
    }
    let (mut refused, mut others, mut slowest_refusal) = (0, Vec::new(), Duration::ZERO);
    for writes in writing {
        for (status, took) in writes.await.expect("writing does not panic") {
            match status {
                StatusCode::SERVICE_UNAVAILABLE => refused += 1,
                other => others.push(other.as_u16()),
            }
            slowest_refusal = slowest_refusal.max(took);
        }
    }
    let (read_count, bad_reads, slowest_read) = reading.await.expect("reading does not panic");
    lock.rollback().await.expect("it can be unlocked");

    let unlocked = Instant::now();
    let writes = eventually(async || (client.rename("Ada King").await.status == 200).then_some(()));
    let writes = writes.await.map(|()| unlocked.elapsed());
    let ready = eventually(async || (client.get("/readyz").await.status == 200).then_some(()));
    let ready = ready.await.map(|()| unlocked.elapsed());
    app.client().magic_link("grace@example.com").await;
    let to_grace = timeout(PATIENCE, sink.delivered(2)).await.is_ok();
    let delivered = sink.delivered(0).await;
    let once: HashSet<&str> = delivered.iter().map(|mail| mail.to.as_str()).collect();

    let text = |time: Option<Duration>| time.map_or("never".to_owned(), seconds);
    outcome.add(format!("locked for {LOCKED:?}"));
    outcome.add(format!(
        "reads: {read_count}, failed {bad_reads}, slowest {}",
        seconds(slowest_read)
    ));
    outcome.add(format!(
        "writes: {refused} refused, others {others:?}, slowest {}",
        seconds(slowest_refusal)
    ));
    outcome.add(format!("not ready after {}", text(not_ready)));
    outcome.add(format!("writes again after {}", text(writes)));
    outcome.add(format!("ready again after {}", text(ready)));
    outcome.add(format!("mails: {} to {} people", delivered.len(), once.len()));
    outcome.require(bad_reads == 0, "reading goes on");
    outcome.require(refused > 0 && others.is_empty(), "writes are answered 503");
    outcome.require(
        slowest_refusal < REFUSAL,
        format!("a refusal takes under {REFUSAL:?}"),
    );
    outcome.require(not_ready.is_some(), "/readyz says that it cannot write");
    outcome.require(writes.is_some() && ready.is_some(), "writing goes on afterwards");
    outcome.require(to_grace, "the next mail is sent");
    outcome.require(delivered.len() == once.len(), "no mail is sent twice");
}

/// The status of each write while it is locked, and how long it took.
async fn write(user: Client, start: Instant) -> Vec<(StatusCode, Duration)> {
    let mut writes = Vec::new();
    while start.elapsed() < WRITTEN {
        let asked = Instant::now();
        let status = user.rename("Ada King").await.status;
        writes.push((status, asked.elapsed()));
        sleep(PAUSE).await;
    }
    writes
}

/// How many pages and profiles were read while it is locked, how many failed, and the longest time.
async fn read(visitor: Client, user: Client, start: Instant) -> (usize, usize, Duration) {
    let (mut reads, mut failed, mut slowest) = (0, 0, Duration::ZERO);
    while start.elapsed() < LOCKED {
        for (client, path) in [
            (&user, shared::profile::PATH),
            (&user, shared::sessions::PATH),
            (&visitor, "/sign-in"),
        ] {
            let asked = Instant::now();
            reads += 1;
            failed += usize::from(client.get(path).await.status != StatusCode::OK);
            slowest = slowest.max(asked.elapsed());
        }
        sleep(PAUSE).await;
    }
    (reads, failed, slowest)
}
