//! SIGTERM under load, behind a proxy that keeps its connections (T-89).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use shared::profile;
use support::{Client, TestBinary};
use tokio::time::sleep;

use super::keeping_proxy::KeepingProxy;
use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// How often it is stopped and started, with each delay.
const RESTARTS: usize = 5;
/// People who use it through the proxy at the same moment.
const AT_ONCE: usize = 12;
/// The seconds between SIGTERM and the end of the listener, and how many requests may be lost.
/// Without a delay a request can cross the end of its idle connection, on a busy machine now and
/// then (RFC 9112, 9.3.1): at most one for each restart. With one, the server says in time that
/// connections end.
const DELAYS: [(&str, usize); 2] = [("0", RESTARTS), ("1", 0)];

#[derive(Default)]
struct Counts {
    answered: AtomicUsize,
    renamed: AtomicUsize,
    refused: AtomicUsize,
    failed: AtomicUsize,
    is_over: AtomicBool,
}

pub(crate) async fn torture(outcome: &mut Outcome) {
    for (delay, allowed) in DELAYS {
        restart(outcome, delay, allowed).await;
    }
}

async fn restart(outcome: &mut Outcome, delay: &str, allowed: usize) {
    let settings = [
        ("RATE_LIMITS", "off"),
        ("CONFIRM_EMAIL", "false"),
        ("STOP_DELAY", delay),
    ];
    let mut app = TestBinary::start(&settings).await;
    let proxy = KeepingProxy::start(app.address()).await;
    let counts = Arc::new(Counts::default());
    let mut people = Vec::new();
    for number in 0..AT_ONCE {
        let client = app.client();
        client
            .join("Ada", &format!("ada{number}@example.com"), PASSWORD)
            .await;
        let cookie = client.cookie("session_token").expect("who joins is signed in");
        people.push(tokio::spawn(live(
            proxy.url.clone(),
            app.public_url.clone(),
            cookie,
            Arc::clone(&counts),
        )));
    }

    let mut slowest = Duration::ZERO;
    for number in 0..RESTARTS {
        sleep(Duration::from_millis(300 + 37 * number as u64)).await;
        let start = Instant::now();
        let code = app.terminate().await.code();
        slowest = slowest.max(start.elapsed());
        outcome.require(code == Some(0), format!("it ends in order: {code:?}"));
        app.restart().await;
    }
    sleep(Duration::from_millis(500)).await;
    counts.is_over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("people do not panic");
    }
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (answered, renamed) = (count(&counts.answered), count(&counts.renamed));
    let (refused, failed, lost) = (count(&counts.refused), count(&counts.failed), proxy.lost());
    outcome.add(format!(
        "{RESTARTS} restarts with STOP_DELAY={delay}: {answered} requests ({renamed} writes) on {} \
         connections, {lost} lost, {failed} failed, {refused} refused, slowest end {}",
        proxy.opened(),
        seconds(slowest)
    ));
    outcome.require(
        lost <= allowed && failed <= lost && refused == 0,
        format!("each request is answered with STOP_DELAY={delay}"),
    );
    outcome.require(answered > 20 * AT_ONCE && renamed > AT_ONCE, "there is load");
}

/// Reads the profile, and takes a new name now and then, until it is over.
async fn live(proxy: String, public_url: String, cookie: String, counts: Arc<Counts>) {
    let client = Client::new(&proxy);
    for number in 0.. {
        if counts.is_over.load(Ordering::Relaxed) {
            return;
        }
        let is_rename = number % 5 == 0;
        let request = if is_rename {
            let form = profile::Form {
                name: format!("Ada {number}"),
            };
            client.request(Method::PATCH, profile::PATH).json(&form)
        } else {
            client.request(Method::GET, profile::PATH)
        };
        let request = request
            .header("origin", &public_url)
            .header("cookie", format!("session_token={cookie}"));
        let counter = match request.send().await {
            Ok(reply) if reply.status() == StatusCode::OK && is_rename => {
                counts.renamed.fetch_add(1, Ordering::Relaxed);
                &counts.answered
            }
            Ok(reply) if reply.status() == StatusCode::OK => &counts.answered,
            Ok(_) => &counts.refused,
            Err(_) => &counts.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
