//! Requests per second and CPU per request at 32 connections that stay open.
//!
//! The client writes bytes that were made beforehand and reads no more of a reply than it must,
//! because it shares the machine with the server.

use std::time::{Duration, Instant};

use support::TestBinary;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::{cpu, memory};
use crate::report::Report;

const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(1);
const LENGTH: Duration = Duration::from_secs(5);

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a long enough secret";

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let client = app.client();
    client.join("Ada", EMAIL, PASSWORD).await;
    let cookie = client
        .cookie("session_token")
        .expect("whoever joined is signed in");
    let form = format!(r#"{{"email":"{EMAIL}","password":"{PASSWORD}"}}"#);

    let head = |line: &str| {
        format!(
            "{line} HTTP/1.1\r\nhost: {}\r\norigin: {}\r\nsec-fetch-site: same-origin\r\naccept-encoding: br\r\n",
            app.address(),
            app.public_url
        )
    };
    let page = format!("{}\r\n", head("GET /"));
    let profile = format!(
        "{}cookie: session_token={cookie}\r\n\r\n",
        head("GET /api/profile")
    );
    let sign_in = format!(
        "{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{form}",
        head("POST /api/sign-in"),
        form.len()
    );

    for (what, request) in [("/", page), ("/api/profile", profile), ("/api/sign-in", sign_in)] {
        run(app, &request, WARM_UP).await;
        let (before, start) = (cpu(app.pid()), Instant::now());
        let (good, bad) = run(app, &request, LENGTH).await;
        let time = start.elapsed();
        let spent = cpu(app.pid()).saturating_sub(before);

        let per_request = spent.as_secs_f64() * 1000.0 / f64::from(good.max(1));
        let per_second = f64::from(good) / time.as_secs_f64();
        report.add(format!("{what}, requests per second"), per_second, "1/s", None);
        report.add(format!("{what}, CPU per request"), per_request, "ms", None);
        if bad > 0 {
            report.add(format!("{what}, not 200"), f64::from(bad), "", None);
        }
    }
    report.add("memory at its most", memory(app.pid(), "VmHWM:"), "MB", None);
}

/// Sends the request over and over on all connections; how many replies were 200, and how many
/// were not.
async fn run(app: &TestBinary, request: &str, length: Duration) -> (u32, u32) {
    let end = Instant::now() + length;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(repeat(app.address(), request.to_owned(), end));
    }
    let counts = connections.join_all().await;
    counts
        .into_iter()
        .fold((0, 0), |(good, bad), (more_good, more_bad)| {
            (good + more_good, bad + more_bad)
        })
}

async fn repeat(address: String, request: String, end: Instant) -> (u32, u32) {
    let stream = TcpStream::connect(&address).await.expect("the server accepts");
    stream.set_nodelay(true).expect("TCP has this option");
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut good, mut bad) = (0, 0);
    while Instant::now() < end {
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the server reads");
        if reply_is_ok(&mut stream).await {
            good += 1;
        } else {
            bad += 1;
        }
    }
    (good, bad)
}

/// Reads one reply to its end.
async fn reply_is_ok(stream: &mut BufReader<TcpStream>) -> bool {
    let (mut line, mut length, mut ok) = (String::new(), None, false);
    loop {
        line.clear();
        let read = stream.read_line(&mut line).await.expect("the server answers");
        assert!(read > 0, "the server closed a connection that should stay open");
        if line == "\r\n" {
            break;
        }
        ok |= line.starts_with("HTTP/1.1 200 ");
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut left: usize = length.expect("our replies say their length");
    while left > 0 {
        let part = stream
            .fill_buf()
            .await
            .expect("the reply goes on")
            .len()
            .min(left);
        assert!(part > 0, "the reply ends early");
        stream.consume(part);
        left -= part;
    }
    ok
}
