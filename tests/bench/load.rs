//! Requests over connections that stay open, as fast as the server answers or at a given pace.
//!
//! The client writes bytes that were made beforehand and reads no more of a reply than it must,
//! because it shares the machine with the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use support::process::cpu;

/// A request as it travels: head and body.
pub(crate) type Request = Arc<str>;

/// When to stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Passed(Duration),
    /// After each request of the list was sent once.
    Sent,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Replies of 200 to 299.
    pub(crate) good: usize,
    /// All other replies.
    pub(crate) bad: usize,
    /// How long each reply took, the fastest first.
    pub(crate) times: Vec<Duration>,
    /// CPU time of the server.
    pub(crate) cpu: Duration,
    /// From the first request to the last reply.
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / count(self.good)
    }

    pub(crate) fn per_second(&self) -> f64 {
        count(self.good) / self.took.as_secs_f64()
    }

    /// The time in milliseconds within which this share of the replies came, in hundredths.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        let time = self.times.get(last * percent / 100);
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }

    pub(crate) fn add(mut self, other: Self) -> Self {
        self.good += other.good;
        self.bad += other.bad;
        self.times.extend(other.times);
        self.times.sort_unstable();
        self.cpu += other.cpu;
        self.took += other.took;
        self
    }
}

#[expect(clippy::cast_precision_loss, reason = "fewer requests than 2^52")]
fn count(requests: usize) -> f64 {
    requests.max(1) as f64
}

/// Many connections that send the requests of a list in turn.
pub(crate) struct Load {
    pub(crate) address: String,
    /// The server's process.
    pub(crate) pid: u32,
    pub(crate) connections: usize,
    pub(crate) until: Until,
    /// How long a connection rests after each reply.
    pub(crate) pause: Duration,
}

impl Load {
    /// 32 connections without a pause, as in the figures of the bars.
    pub(crate) fn full(address: String, pid: u32, length: Duration) -> Self {
        Self {
            address,
            pid,
            connections: 32,
            until: Until::Passed(length),
            pause: Duration::ZERO,
        }
    }

    pub(crate) async fn run(&self, requests: &[Request]) -> Outcome {
        let (before, start) = (cpu(self.pid), Instant::now());
        let (next, requests) = (Arc::new(AtomicUsize::new(0)), Arc::<[Request]>::from(requests));
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            let connection = Connection {
                address: self.address.clone(),
                next: Arc::clone(&next),
                requests: Arc::clone(&requests),
                pause: self.pause,
                end: match self.until {
                    Until::Passed(length) => Some(start + length),
                    Until::Sent => None,
                },
            };
            connections.spawn(connection.run());
        }
        let outcomes = connections.join_all().await;
        Outcome {
            took: start.elapsed(),
            cpu: cpu(self.pid).saturating_sub(before),
            ..outcomes.into_iter().fold(Outcome::default(), Outcome::add)
        }
    }
}

struct Connection {
    address: String,
    next: Arc<AtomicUsize>,
    requests: Arc<[Request]>,
    pause: Duration,
    end: Option<Instant>,
}

impl Connection {
    async fn run(self) -> Outcome {
        let stream = TcpStream::connect(&self.address)
            .await
            .expect("the server accepts");
        stream.set_nodelay(true).expect("TCP has this option");
        let mut stream = BufReader::with_capacity(64 * 1024, stream);
        let mut outcome = Outcome::default();
        while let Some(request) = self.next_request() {
            let start = Instant::now();
            let written = stream.write_all(request.as_bytes()).await;
            written.expect("the server reads");
            if reply_is_good(&mut stream).await {
                outcome.good += 1;
            } else {
                outcome.bad += 1;
            }
            outcome.times.push(start.elapsed());
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
        outcome
    }

    fn next_request(&self) -> Option<&Request> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match self.end {
            Some(end) => (Instant::now() < end).then(|| &self.requests[number % self.requests.len()]),
            None => self.requests.get(number),
        }
    }
}

/// Reads one reply to its end.
async fn reply_is_good(stream: &mut BufReader<TcpStream>) -> bool {
    let (mut line, mut length, mut good, mut chunked) = (String::new(), None, false, false);
    loop {
        read_line(stream, &mut line).await;
        if line == "\r\n" {
            break;
        }
        good |= line.starts_with("HTTP/1.1 2");
        if line.starts_with("HTTP/1.1 204 ") {
            length = Some(0);
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        }
    }
    if chunked {
        skip_chunks(stream, &mut line).await;
    } else {
        skip(stream, length.expect("a reply says its length")).await;
    }
    good
}

/// Other servers than ours send replies in parts: a line with the length, the part, an empty line.
async fn skip_chunks(stream: &mut BufReader<TcpStream>, line: &mut String) {
    loop {
        read_line(stream, line).await;
        let length = usize::from_str_radix(line.trim(), 16).expect("a part says its length");
        skip(stream, length + "\r\n".len()).await;
        if length == 0 {
            return;
        }
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>, line: &mut String) {
    line.clear();
    let read = stream.read_line(line).await.expect("the server answers");
    assert!(read > 0, "the server closed a connection that should stay open");
}

async fn skip(stream: &mut BufReader<TcpStream>, mut left: usize) {
    while left > 0 {
        let part = stream.fill_buf().await.expect("the reply goes on");
        let part = part.len().min(left);
        assert!(part > 0, "the reply ends early");
        stream.consume(part);
        left -= part;
    }
}
