//! From the start of the process to its first page, and its memory when little has happened.

use std::time::{Duration, Instant};

use support::TestBinary;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::report::{Report, figure};
use support::process::memory;

const RUNS: usize = 10;

pub(crate) async fn measure(app: &mut TestBinary, report: &mut Report) {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        app.terminate().await;
        let address = app.address();
        let ((), time) = tokio::join!(app.restart(), first_page(&address));
        times.push(time);
    }
    times.sort_unstable();
    let median = times[RUNS / 2].as_secs_f64() * 1000.0;
    report.add(figure("start to first 200", median, "ms").at_most(60.0, 20.0));

    let client = app.client();
    for path in ["/", "/sign-in", "/api/profile", "/healthz"] {
        client.get(path).await;
    }
    let idle = memory(app.pid(), "VmRSS:");
    report.add(figure("memory after a few requests", idle, "MB").at_most(25.0, 12.0));
}

async fn first_page(address: &str) -> Duration {
    let start = Instant::now();
    while page(address).await.is_none() {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    start.elapsed()
}

async fn page(address: &str) -> Option<()> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.ok()?;
    reply.starts_with(b"HTTP/1.1 200 ").then_some(())
}
