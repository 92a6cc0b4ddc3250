//! Listening ports: bounded connections and requests, time limits for slow clients, graceful
//! shutdown.
//!
//! | file | what it bounds |
//! |---|---|
//! | `connections.rs` | connections in all and per network |
//! | `connection.rs`, `pulse.rs`, `io.rs` | the time of each step of a connection |
//! | `load.rs`, `requests.rs` | requests in work; what is read of refused ones |
//! | `body.rs` | the time that a request's body takes |

mod body;
mod connection;
mod connections;
mod io;
mod limits;
mod load;
mod pulse;
mod requests;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Context;
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use connections::Connections;
pub use limits::ServerLimits;
use load::Load;
pub(crate) use requests::{Front, ReadToEnd, Refused};

/// Connections that the kernel holds for us until they are accepted.
const BACKLOG: u32 = 1024;
/// The largest head of an HTTP/1 request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 128;
/// How often a quiet HTTP/2 client is asked whether it is still there, and how long it may take.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failed accept, mostly for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A port that is served until [`Server::stop`].
#[derive(Debug)]
pub(crate) struct Server {
    port: Arc<Port>,
    closing: CancellationToken,
    connections: TaskTracker,
    accepting: tokio::task::JoinHandle<()>,
}

/// What the connections of a port share.
struct Port {
    router: Router,
    front: Box<dyn Front>,
    connections: Arc<Connections>,
    load: Load,
    builder: auto::Builder<TokioExecutor>,
    stage: AtomicU8,
    /// When the stop was announced, by [`pulse::now_ms`]; 0 before.
    announced_at: AtomicU64,
}

/// How far the stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Each response asks its client to open no further request on its connection.
    Announced,
    /// The listener is closed.
    Closing,
    Aborted,
}

/// Takes the port without serving it yet.
///
/// # Errors
/// When the address is taken or not ours; the message names the variable.
pub(crate) fn bind(variable: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // A restart must not wait for what is left of former connections.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| format!("{variable}: cannot listen on {address}"))
}

impl Server {
    /// Serves `router` on a bound port.
    pub(crate) fn start(
        listener: TcpListener,
        router: Router,
        front: impl Front,
        connections: Arc<Connections>,
    ) -> Self {
        let load = Load::new(connections.limits.requests);
        let port = Arc::new(Port {
            router,
            front: Box::new(front),
            connections,
            load,
            builder: protocols(),
            stage: AtomicU8::new(Stage::Serving as u8),
            announced_at: AtomicU64::new(0),
        });
        let closing = CancellationToken::new();
        let connections = TaskTracker::new();
        let accepting = tokio::spawn(accept(
            Arc::clone(&port),
            listener,
            closing.clone(),
            connections.clone(),
        ));
        Self {
            port,
            closing,
            connections,
            accepting,
        }
    }

    /// Goes on serving, and asks every client to open a new connection for its next request.
    pub(crate) fn announce_stop(&self) {
        self.port.announced_at.store(pulse::now_ms(), Relaxed);
        self.port.set_stage(Stage::Announced);
    }

    /// Takes no new connection and finishes what is in work, within [`ServerLimits::grace`].
    /// Requests that arrive on kept-alive connections during [`ServerLimits::linger`] are answered.
    pub(crate) async fn stop(self) {
        if !self.port.is_stopping() {
            self.announce_stop();
        }
        self.closing.cancel();
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the listener ended with an error");
        }
        self.port.set_stage(Stage::Closing);
        self.connections.close();
        let limits = &self.port.connections.limits;
        let grace = limits.linger + limits.grace;
        if timeout(grace, self.connections.wait()).await.is_err() {
            self.port.set_stage(Stage::Aborted);
            self.connections.wait().await;
        }
    }
}

impl Port {
    fn stage(&self) -> Stage {
        const STAGES: [Stage; 4] = [Stage::Serving, Stage::Announced, Stage::Closing, Stage::Aborted];
        STAGES[usize::from(self.stage.load(Relaxed)).min(STAGES.len() - 1)]
    }

    fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Relaxed);
        self.connections.wake_all();
    }

    fn is_stopping(&self) -> bool {
        self.stage() > Stage::Serving
    }

    /// Until when a connection without a request stays open, if the listener is closed.
    fn linger_until(&self) -> Option<u64> {
        let linger = u64::try_from(self.connections.limits.linger.as_millis()).unwrap_or(u64::MAX);
        let end = || self.announced_at.load(Relaxed).saturating_add(linger);
        (self.stage() >= Stage::Closing).then(end)
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port")
            .field("stage", &self.stage())
            .finish_non_exhaustive()
    }
}

fn protocols() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `connection.rs` keeps the time of heads; this one would also end idle connections.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

/// Accepts connections until `closing`, and then those that the kernel has already accepted.
async fn accept(
    port: Arc<Port>,
    listener: TcpListener,
    closing: CancellationToken,
    connections: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let slot = tokio::select! {
                    slot = port.connections.admit(peer.ip()) => slot,
                    () = closing.cancelled() => break,
                };
                // Responses are written whole; waiting for more would only delay them.
                drop(stream.set_nodelay(true));
                connections.spawn(connection::serve(Arc::clone(&port), slot, stream, peer));
            }
            // Of one client only, which has left.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => (),
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Their clients may have sent a request, and would see a reset.
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, peer)) = listener.accept() {
        let is_ready = stream
            .set_nonblocking(true)
            .and_then(|()| TcpStream::from_std(stream));
        if let Ok(stream) = is_ready {
            let admitted = timeout(ACCEPT_PAUSE, port.connections.admit(peer.ip())).await;
            let Ok(slot) = admitted else { return };
            connections.spawn(connection::serve(Arc::clone(&port), slot, stream, peer));
        }
    }
}
