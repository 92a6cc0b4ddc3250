//! One request of a port: counted, read within its time, answered, and read to its end.
//!
//! Many clients write their whole request before they look at the reply. If the connection ends
//! while they do, they see a reset and never the reason (RFC 9112, 9.6). So what a refused request
//! still sends is read and dropped, within limits.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, Request, Response, Uri, Version, header, request::Parts},
};
use hyper::body::Incoming;
use tokio::time::timeout;
use tower::Service as _;

use super::{
    Port,
    body::{Lent, Paced, Tracked},
    connections::Slot,
    load::Standing,
};

/// The longest time in which the rest of an answered request is read.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// The same for a request that is turned away, and the most that is read of it, in bytes.
const REFUSED_DRAIN_TIME: Duration = Duration::from_secs(2);
const REFUSED_DRAIN_BYTES: u64 = 1024 * 1024;

/// Marks a request whose body the port reads to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadToEnd;

/// Why a port answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too many requests or connections: 503 with `Retry-After`.
    Busy,
    /// The body did not arrive in time: 408.
    TooSlow,
}

/// What differs between ports.
pub(crate) trait Front: Send + Sync + 'static {
    /// The secret of the session that a request belongs to, if it carries what can be one.
    fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]>;
    /// Whether a call of this path can succeed only with a living session.
    fn needs_session(&self, path: &str) -> bool;
    /// The most that is read of a request after its answer is known, in bytes.
    fn drain_bytes(&self) -> u64;
    /// The answer to a request that is not let in.
    fn refuse(&self, refused: Refused, uri: &Uri) -> Response<Body>;
}

/// Whether the path is a health check, which must not fail because there is much to do.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Answers a request of the connection in `slot`.
pub(super) async fn serve(
    port: Arc<Port>,
    slot: Arc<Slot>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Tracked>, Infallible> {
    let is_http2 = request.version() == Version::HTTP_2;
    let busy = slot.pulse.begin(is_http2);
    let (mut response, is_last) = port.answer(&slot, peer, request).await;
    if is_last || port.is_stopping() || slot.pulse.evicted.load(Relaxed) {
        if is_http2 {
            slot.pulse.last.store(true, Relaxed);
        } else {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
    Ok(response.map(|body| Tracked::new(body, busy)))
}

impl Port {
    /// The answer, and whether it is the connection's last.
    async fn answer(
        &self,
        slot: &Slot,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> (Response<Body>, bool) {
        let (mut head, body) = request.into_parts();
        let mut is_overflow = !slot.is_placed();
        let standing = || self.standing(&head);
        let permit = if is_overflow {
            let standing = standing();
            if standing == Standing::Stranger {
                is_overflow = !slot.is_placed_soon().await;
            }
            let has_room = match standing {
                _ if !is_overflow => true,
                Standing::Stranger => false,
                Standing::Claimant => slot.is_overflow_roomy(),
                Standing::Known => true,
            };
            has_room.then(|| self.load.enter(|| standing)).flatten()
        } else {
            self.load.enter(standing)
        };
        if permit.is_none() {
            return (self.turn_away(&head, body).await, true);
        }
        let mark = self
            .front
            .needs_session(head.uri.path())
            .then(|| self.front.session(&head.headers))
            .flatten()
            .map(|secret| self.load.mark(secret));
        head.extensions.insert(ConnectInfo(peer));
        let mut router = self.router.clone();
        let (response, is_last) = if body.is_end_stream() {
            let request = Request::from_parts(head, Body::empty());
            let response = router.call(request).await.unwrap_or_else(|never| match never {});
            (response, false)
        } else {
            self.answer_with_body(head, body).await
        };
        if let Some(mark) = mark
            && response.status().is_success()
        {
            self.load.note_known(mark);
        }
        (response, is_overflow || is_last)
    }

    async fn answer_with_body(&self, mut head: Parts, body: Incoming) -> (Response<Body>, bool) {
        let mut router = self.router.clone();
        let uri = head.uri.clone();
        head.extensions.insert(ReadToEnd);
        // Such a client sends nothing before its request is taken.
        let waits = head.headers.contains_key(header::EXPECT);
        let (lent, mut returned) = Lent::new(Paced::new(body, &self.connections.limits));
        let request = Request::from_parts(head, Body::new(lent));
        let response = router.call(request).await.unwrap_or_else(|never| match never {});
        let Ok(rest) = returned.try_recv() else {
            return (response, false);
        };
        if rest.is_too_slow {
            return (self.front.refuse(Refused::TooSlow, &uri), true);
        }
        if waits && !rest.is_begun {
            return (response, false);
        }
        let is_drained = drain(rest, DRAIN_TIME, self.front.drain_bytes()).await;
        (response, !is_drained)
    }

    async fn turn_away(&self, head: &Parts, body: Incoming) -> Response<Body> {
        let waits = head.headers.contains_key(header::EXPECT);
        if !body.is_end_stream() && !waits {
            let body = Paced::new(body, &self.connections.limits);
            drain(body, REFUSED_DRAIN_TIME, REFUSED_DRAIN_BYTES).await;
        }
        self.front.refuse(Refused::Busy, &head.uri)
    }

    fn standing(&self, head: &Parts) -> Standing {
        if is_probe(head.uri.path()) {
            return Standing::Known;
        }
        match self.front.session(&head.headers) {
            None => Standing::Stranger,
            Some(secret) if self.load.is_known(self.load.mark(secret)) => Standing::Known,
            Some(_) => Standing::Claimant,
        }
    }
}

/// Reads and drops a body; whether it came to its end.
async fn drain(mut body: Paced, time: Duration, max_bytes: u64) -> bool {
    let read = async {
        while body.next().await.is_some() {
            if body.received > max_bytes {
                return false;
            }
        }
        !body.has_failed
    };
    timeout(time, read).await.unwrap_or(false)
}
