//! [`KeepingProxy`]: a proxy that keeps its connections to the server, as nginx does.
//!
//! It sends a request once: what is closed without an answer is lost. It only tries again where
//! nothing was sent, because no connection could be made. While `/readyz` says that the server is
//! not ready, requests wait, as they would turn to another server.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// How often it asks whether the server is ready.
const LOOK: Duration = Duration::from_millis(100);
/// How long it waits for a server that does not listen.
const AWAY: Duration = Duration::from_secs(20);

/// Runs until it is dropped.
pub(crate) struct KeepingProxy {
    /// Where browsers reach it.
    pub(crate) url: String,
    upstream: Arc<Upstream>,
    tasks: [JoinHandle<()>; 2],
}

struct Upstream {
    address: String,
    is_ready: AtomicBool,
    kept: Mutex<Vec<TcpStream>>,
    opened: AtomicUsize,
    lost: AtomicUsize,
}

impl KeepingProxy {
    /// In front of the server at this address.
    pub(crate) async fn start(address: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("loopback has free ports");
        let port = listener.local_addr().expect("a listener has an address").port();
        let upstream = Arc::new(Upstream {
            address,
            is_ready: AtomicBool::new(true),
            kept: Mutex::default(),
            opened: AtomicUsize::default(),
            lost: AtomicUsize::default(),
        });
        let shared = Arc::clone(&upstream);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let shared = Arc::clone(&upstream);
        let look = tokio::spawn(async move {
            loop {
                let is_ready = shared.ask_whether_ready().await.is_some();
                shared.is_ready.store(is_ready, Ordering::Relaxed);
                sleep(LOOK).await;
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            upstream,
            tasks: [task, look],
        }
    }

    /// Connections that it opened to the server so far.
    pub(crate) fn opened(&self) -> usize {
        self.upstream.opened.load(Ordering::Relaxed)
    }

    /// Requests that were sent and not answered.
    pub(crate) fn lost(&self) -> usize {
        self.upstream.lost.load(Ordering::Relaxed)
    }
}

impl Drop for KeepingProxy {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Passes on the requests of one browser.
async fn serve(mut browser: TcpStream, upstream: Arc<Upstream>) {
    while let Some((request, _)) = message(&mut browser).await {
        let Some(mut server) = upstream.connection().await else {
            return;
        };
        let answer = match server.write_all(&request).await {
            Ok(()) => message(&mut server).await,
            Err(_) => None,
        };
        let Some((answer, is_last)) = answer else {
            upstream.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if !is_last {
            upstream.keep(server);
        }
        // It is between the server and the proxy that connections end.
        let answer = without_close(answer);
        if browser.write_all(&answer).await.is_err() {
            return;
        }
    }
}

impl Upstream {
    /// A kept connection that is not closed yet, or a new one.
    async fn connection(&self) -> Option<TcpStream> {
        let start = Instant::now();
        while !self.is_ready.load(Ordering::Relaxed) && start.elapsed() < AWAY {
            sleep(Duration::from_millis(5)).await;
        }
        while let Some(stream) = self.take() {
            let mut nothing = [0];
            // Nothing to read is what a living connection has.
            if stream
                .try_read(&mut nothing)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            {
                return Some(stream);
            }
        }
        while start.elapsed() < AWAY {
            if let Ok(stream) = TcpStream::connect(&self.address).await {
                self.opened.fetch_add(1, Ordering::Relaxed);
                return Some(stream);
            }
            sleep(Duration::from_millis(10)).await;
        }
        None
    }

    async fn ask_whether_ready(&self) -> Option<()> {
        let mut stream = TcpStream::connect(&self.address).await.ok()?;
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.ok()?;
        let (answer, _) = message(&mut stream).await?;
        answer.starts_with(b"HTTP/1.1 200").then_some(())
    }

    fn take(&self) -> Option<TcpStream> {
        self.kept.lock().expect("nothing panics in here").pop()
    }

    fn keep(&self, stream: TcpStream) {
        self.kept.lock().expect("nothing panics in here").push(stream);
    }
}

/// A request or an answer with its body, and whether the connection ends with it; `None` when it
/// does not come to its end.
async fn message(stream: &mut TcpStream) -> Option<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let end = loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(found, _)| *found == name);
        named.next().map(|(_, value)| value.trim().to_owned())
    };
    // Answers without a body have no length; ours are never chunked here.
    let length: usize = field("content-length").map_or(Some(0), |length| length.parse().ok())?;
    assert!(field("transfer-encoding").is_none(), "{head}");
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((bytes, field("connection").as_deref() == Some("close")))
}

/// The answer, without the word that its connection ends.
fn without_close(answer: Vec<u8>) -> Vec<u8> {
    let line = b"connection: close\r\n";
    let at = answer.windows(line.len()).position(|window| window == line);
    match at {
        Some(at) => [&answer[..at], &answer[at + line.len()..]].concat(),
        None => answer,
    }
}
