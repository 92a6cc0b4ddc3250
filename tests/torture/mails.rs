//! A mail server that hangs, that says nothing, and that is not there (T-87).

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use support::{Delivered, SmtpSink, TestBinary, free_port};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// Mails at which the mail server hangs, fewer than are sent at once; and others.
const HANGING: usize = 4;
const OTHERS: usize = 12;
/// The longest time for a mail to which nothing is in the way.
const SENT: Duration = Duration::from_secs(15);
/// How long the mail server is away, and how long it then takes connections and says nothing.
const AWAY: Duration = Duration::from_secs(8);
const SILENT: Duration = Duration::from_secs(8);
/// The longest time for what waited then: pauses double, from ten seconds.
const CAUGHT_UP: Duration = Duration::from_secs(90);
/// The longest time for an answer, whatever the mail server does.
const ANSWER: Duration = Duration::from_secs(5);

pub(crate) async fn torture(outcome: &mut Outcome) {
    slow(outcome).await;
    dead(outcome).await;
}

async fn start(port: u16) -> TestBinary {
    let smtp_url = format!("smtp://127.0.0.1:{port}");
    let settings = [
        ("RATE_LIMITS", "off"),
        ("SMTP_URL", smtp_url.as_str()),
        ("MAIL_FROM", "noreply@example.com"),
    ];
    TestBinary::start(&settings).await
}

/// Signs these people up; the longest time that one of them waited.
async fn sign_up(app: &TestBinary, prefix: &str, count: usize, outcome: &mut Outcome) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..count {
        let start = Instant::now();
        let email = format!("{prefix}{number}@example.com");
        let status = app.client().sign_up("Ada", &email, PASSWORD).await.status;
        outcome.require(status == StatusCode::ACCEPTED, format!("{email}: {status}"));
        slowest = slowest.max(start.elapsed());
    }
    slowest
}

/// How many mails were delivered more than once.
fn twice(delivered: &[Delivered]) -> usize {
    let mut counts = HashMap::new();
    for mail in delivered {
        *counts.entry(&mail.to).or_insert(0) += 1;
    }
    counts.values().filter(|count| **count > 1).count()
}

async fn slow(outcome: &mut Outcome) {
    let sink = SmtpSink::start(&[SmtpSink::HANGS; HANGING]).await;
    let app = start(sink.address.port()).await;
    let mut slowest = sign_up(&app, "hangs", HANGING, outcome).await;
    let asked = timeout(SENT, sink.asked(HANGING)).await;
    outcome.require(asked.is_ok(), "the mail server is asked");
    let begun = Instant::now();
    slowest = slowest.max(sign_up(&app, "other", OTHERS, outcome).await);
    let others = timeout(SENT, sink.delivered(OTHERS)).await;
    let held_up = begun.elapsed();
    outcome.require(others.is_ok(), "mails are not held up by others");
    for _ in 0..HANGING {
        sink.release();
        // One at a time is let go on.
        let delivered = sink.delivered(0).await.len();
        drop(timeout(SENT, sink.delivered(delivered + 1)).await);
    }
    let delivered = timeout(CAUGHT_UP, sink.delivered(HANGING + OTHERS)).await;
    let late = sink.delivered(0).await;
    outcome.add(format!(
        "{HANGING} hang: {OTHERS} others sent after {}, in all {} mails, {} twice, slowest answer {}",
        seconds(held_up),
        late.len(),
        twice(&late),
        seconds(slowest)
    ));
    outcome.require(delivered.is_ok(), "mails that hung are sent");
    outcome.require(twice(&late) == 0, "no mail is sent twice");
    outcome.require(slowest < ANSWER, "answers do not wait for mails");
}

async fn dead(outcome: &mut Outcome) {
    let port = free_port();
    let app = start(port).await;
    let mut slowest = sign_up(&app, "away", OTHERS, outcome).await;
    sleep(AWAY).await;
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let silent = silent.expect("the port is still free");
    slowest = slowest.max(sign_up(&app, "silent", OTHERS, outcome).await);
    let hold = async {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    };
    drop(timeout(SILENT, hold).await);
    drop(silent);
    let sink = SmtpSink::start_on(port, &[]).await;

    let back = Instant::now();
    let delivered = timeout(CAUGHT_UP, sink.delivered(2 * OTHERS)).await;
    let caught_up = back.elapsed();
    // What would be sent again is due by then.
    sleep(Duration::from_secs(5)).await;
    let all = sink.delivered(0).await;
    outcome.add(format!(
        "away for {AWAY:?}, silent for {SILENT:?}: {} of {} mails {} later, {} twice, slowest answer {}",
        all.len(),
        2 * OTHERS,
        seconds(caught_up),
        twice(&all),
        seconds(slowest)
    ));
    outcome.require(
        delivered.is_ok(),
        "what waited is sent when the mail server is back",
    );
    outcome.require(twice(&all) == 0, "no mail is sent twice");
    outcome.require(slowest < ANSWER, "answers do not wait for mails");
}
