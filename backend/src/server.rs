//! One listening port: time limits for slow clients, and an orderly stop.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use anyhow::Context;
use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo};
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinHandle;

/// The longest time for a request's head. hyper has a limit of its own only once a timer is set,
/// and `axum::serve` sets none (SECURITY-BAR T-78).
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest pause within a body.
pub(crate) const BODY_PAUSE: Duration = Duration::from_secs(10);
/// How long requests in flight may take after the stop.
const GRACE: Duration = Duration::from_secs(10);

/// A port that is served until [`Server::stop`].
#[derive(Debug)]
pub(crate) struct Server {
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

/// Takes the port without serving it yet.
///
/// # Errors
/// When the address is taken or not ours; the message names the variable.
pub(crate) fn bind(variable: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("{variable}: cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Server {
    /// Serves `router` on a bound port.
    ///
    /// # Errors
    /// When the runtime refuses the socket.
    pub(crate) fn start(listener: TcpListener, router: Router) -> anyhow::Result<Self> {
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(listener)?.handle(handle.clone());
        server
            .http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT);
        let service: IntoMakeServiceWithConnectInfo<Router, SocketAddr> =
            router.into_make_service_with_connect_info();
        let task = tokio::spawn(server.serve(service));
        Ok(Self { handle, task })
    }

    /// Takes no new connection, finishes what is in flight, at most for ten seconds.
    pub(crate) async fn stop(self) {
        self.handle.graceful_shutdown(Some(GRACE));
        if let Ok(Err(error)) = self.task.await {
            tracing::error!(%error, "the server ended with an error");
        }
    }
}
