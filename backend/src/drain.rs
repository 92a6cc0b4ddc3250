//! Reads what a refused request still sends, so that its client gets to read the answer, where the
//! embedded server's router is served by another listener than [`crate::server`], which does it too.
//!
//! Many clients write their whole request before they look at the reply. If the connection ends
//! while they do, they see a reset and never the reason (RFC 9112, 9.6).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::embedded::MAX_FILE_BYTES;
use crate::server::ReadToEnd;

/// The most that is read and dropped, in bytes: the largest file in the form in which a Node
/// client sends it, four characters for each byte.
const MAX_BYTES: u64 = 4 * MAX_FILE_BYTES;
/// The longest pause within a body.
const BODY_PAUSE: Duration = Duration::from_secs(10);
/// The longest time that takes.
const MAX_TIME: Duration = Duration::from_secs(30);

/// Answers once the request is read to its end; beyond the limits the connection is closed.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || request.extensions().get::<ReadToEnd>().is_some() {
        return next.run(request).await;
    }
    let is_http1 = request.version() <= Version::HTTP_11;
    // Such a client sends nothing before its request is taken.
    let waits = request.headers().contains_key(header::EXPECT);
    let (give_back, mut returned) = oneshot::channel();
    let lend = |body: Body| {
        Body::from_stream(Lent(Some(Loan {
            rest: Rest {
                body: body.into_data_stream(),
                is_begun: false,
            },
            give_back,
        })))
    };

    let mut response = next.run(request.map(lend)).await;

    let Ok(rest) = returned.try_recv() else {
        return response;
    };
    if waits && !rest.is_begun {
        return response;
    }
    let is_drained = timeout(MAX_TIME, read_to_end(rest.body)).await;
    if is_http1 && !is_drained.unwrap_or(false) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

async fn read_to_end(mut body: BodyDataStream) -> bool {
    let mut read = 0_u64;
    while let Ok(chunk) = timeout(BODY_PAUSE, body.next()).await {
        match chunk {
            Some(Ok(bytes)) if read <= MAX_BYTES => read += bytes.len() as u64,
            Some(_) => return false,
            None => return true,
        }
    }
    false
}

/// A body that goes back when its reader drops it.
struct Lent(Option<Loan>);

struct Loan {
    rest: Rest,
    give_back: oneshot::Sender<Rest>,
}

struct Rest {
    body: BodyDataStream,
    is_begun: bool,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(Loan { rest, .. }) = &mut self.0 else {
            return Poll::Ready(None);
        };
        rest.is_begun = true;
        rest.body.poll_next_unpin(context)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(Loan { rest, give_back }) = self.0.take() {
            // After a panic nobody waits for it.
            drop(give_back.send(rest));
        }
    }
}
