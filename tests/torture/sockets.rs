//! Sockets that say nothing, half a thing, or never read, while others use the server (T-78, T-79).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use support::{Client, TestBinary, http2, start_by};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// Of each kind; together below what one network may have, so that each meets its time limit.
const OF_EACH: usize = 25;
/// The longest life of a connection of them; the longest limit is 30 seconds.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest time for one of the others, on a machine that is busy.
const SERVED: Duration = Duration::from_secs(5);
/// Open files of the small server, and silent sockets at it.
const FILES: usize = 256;
const SILENT: usize = 400;

pub(crate) async fn torture(outcome: &mut Outcome) {
    let app = TestBinary::start(&[("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")]).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let address = app.address();
    let pipelined = "GET /sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n"
        .repeat(500)
        .into_bytes();
    let no_window = http2::start(&[0, 4, 0, 0, 0, 0]);
    let body = format!(
        "POST /api/sign-in HTTP/1.1\r\nhost: localhost\r\norigin: {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        app.public_url
    );
    let kinds = [
        ("silent", Vec::new(), false),
        ("one byte", b"G".to_vec(), false),
        (
            "half a head",
            b"GET /api/profile HTTP/1.1\r\nhost: local".to_vec(),
            false,
        ),
        ("half a preface", b"PRI * HTTP/2.0\r\n".to_vec(), false),
        ("idle HTTP/2", http2::start(&[]), false),
        (
            "no HTTP/2 window",
            [&no_window[..], &http2::get(b"/healthz")].concat(),
            false,
        ),
        ("half a body", body.into_bytes(), false),
        ("never reads", pipelined, true),
    ];
    let mut bad = Vec::new();
    for (kind, text, is_repeated) in &kinds {
        for _ in 0..OF_EACH {
            bad.push((
                *kind,
                tokio::spawn(until_closed(address.clone(), text.clone(), *is_repeated)),
            ));
        }
    }
    let number = bad.len();
    let (end, ended) = watch::channel(false);
    let good = tokio::spawn(use_until(app.public_url.clone(), client, ended));
    let mut longest = (Duration::ZERO, "none");
    for (kind, socket) in bad {
        match socket.await.expect("a socket does not panic") {
            Some(life) => longest = longest.max((life, kind)),
            None => outcome.require(false, format!("{kind} is closed within {LONGEST:?}")),
        }
    }
    end.send_replace(true);
    let Uses {
        served,
        failed,
        slowest,
    } = good.await.expect("the others do not panic");
    outcome.add(format!(
        "{number} of {} kinds, all closed after {} ({})",
        kinds.len(),
        seconds(longest.0),
        longest.1
    ));
    outcome.add(format!(
        "others: {served} served, {failed} failed, slowest {}",
        seconds(slowest)
    ));
    outcome.require(served > 50 && failed == 0, "the others stay served");
    outcome.require(slowest < SERVED, format!("the others wait less than {SERVED:?}"));
    few_files(outcome).await;
}

/// Many more silent sockets than the program may open files.
async fn few_files(outcome: &mut Outcome) {
    let folder = TempDir::new().expect("temporary folders can be made");
    let settings = [("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")];
    let line = format!("ulimit -n {FILES}; exec latchkey");
    let app = start_by(&folder, &line, &settings).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let connecting = (0..SILENT).map(|_| timeout(SERVED, TcpStream::connect(app.address())));
    let silent = join_all(connecting).await;

    let (end, ended) = watch::channel(false);
    let good = tokio::spawn(use_until(app.public_url.clone(), client, ended));
    sleep(SERVED).await;
    end.send_replace(true);
    let good = good.await.expect("the others do not panic");
    outcome.add(format!(
        "{} silent at {FILES} files: {} served, {} failed, slowest {}",
        silent.len(),
        good.served,
        good.failed,
        seconds(good.slowest)
    ));
    outcome.require(
        good.served > 10 && good.failed == 0,
        "others stay served beside more sockets than files",
    );
    let log = app.log();
    outcome.require(!log.contains("Too many open files"), "it never runs out of files");
}

/// How long the connection lived; `None` for longer than [`LONGEST`].
async fn until_closed(address: String, text: Vec<u8>, is_repeated: bool) -> Option<Duration> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let start = Instant::now();
    let life = async {
        // A reset is an end too.
        if is_repeated {
            while stream.write_all(&text).await.is_ok() {}
        } else if stream.write_all(&text).await.is_ok() {
            let mut said = Vec::new();
            drop(stream.read_to_end(&mut said).await);
        }
    };
    timeout(LONGEST, life).await.ok()?;
    Some(start.elapsed())
}

#[derive(Default)]
struct Uses {
    served: usize,
    failed: usize,
    slowest: Duration,
}

/// A user on a kept connection, and visitors on new ones.
async fn use_until(public_url: String, client: Client, ended: watch::Receiver<bool>) -> Uses {
    let mut uses = Uses::default();
    while !*ended.borrow() {
        let visitor = Client::new(&public_url);
        for (client, path) in [(&client, shared::profile::PATH), (&visitor, "/sign-in")] {
            let asked = Instant::now();
            let request = client.http.get(client.url(path)).send();
            match timeout(2 * SERVED, request).await {
                Ok(Ok(reply)) if reply.status() == StatusCode::OK => uses.served += 1,
                _ => uses.failed += 1,
            }
            uses.slowest = uses.slowest.max(asked.elapsed());
        }
        sleep(Duration::from_millis(50)).await;
    }
    uses
}
