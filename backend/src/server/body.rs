//! Bodies: a request's that may not be slow, and a response's that tells how it goes on.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body, body::Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::{
    sync::oneshot,
    time::{Instant, Sleep, sleep_until},
};

use super::{ServerLimits, pulse::Busy};

/// A request's body whose waiting time is bounded: in a row, and in all by what has arrived.
#[derive(Debug)]
pub(super) struct Paced {
    body: Incoming,
    pause: Duration,
    grace: Duration,
    rate: u32,
    /// Since when a reader has been waiting.
    waiting_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    waited: Duration,
    pub(super) received: u64,
    /// A reader has asked for the body.
    pub(super) is_begun: bool,
    /// The time is over, or the connection broke.
    pub(super) has_failed: bool,
    pub(super) is_too_slow: bool,
}

impl Paced {
    pub(super) fn new(body: Incoming, limits: &ServerLimits) -> Self {
        Self {
            body,
            pause: limits.body_pause,
            grace: limits.body_grace,
            rate: limits.body_rate.max(1),
            waiting_since: None,
            alarm: None,
            waited: Duration::ZERO,
            received: 0,
            is_begun: false,
            has_failed: false,
            is_too_slow: false,
        }
    }

    /// How long the reader may wait from now on.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / u64::from(self.rate));
        (self.grace + earned).saturating_sub(self.waited).min(self.pause)
    }

    fn poll_in_time(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.is_begun = true;
        if self.has_failed {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(since) = self.waiting_since.take() {
                self.waited += since.elapsed();
                self.alarm = None;
            }
            match &frame {
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    self.received += length as u64;
                }
                Some(Err(_)) => self.has_failed = true,
                None => (),
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let deadline = since + self.patience();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(alarm.as_mut().poll(context));
        self.has_failed = true;
        self.is_too_slow = true;
        Poll::Ready(Some(Err("the body arrives too slowly".into())))
    }

    /// The next bytes; `None` at the end, or when there will be none.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let frame = std::future::poll_fn(|context| self.poll_in_time(context)).await?;
        Some(frame.ok()?.into_data().unwrap_or_default())
    }
}

/// A [`Paced`] body that comes back when its reader drops it.
pub(super) struct Lent {
    loan: Option<(Paced, oneshot::Sender<Paced>)>,
}

impl Lent {
    /// The body for the reader, and where it comes back.
    pub(super) fn new(body: Paced) -> (Self, oneshot::Receiver<Paced>) {
        let (give_back, returned) = oneshot::channel();
        let loan = Some((body, give_back));
        (Self { loan }, returned)
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.loan {
            Some((body, _)) => body.poll_in_time(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.loan
            .as_ref()
            .is_none_or(|(body, _)| body.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.loan
            .as_ref()
            .map_or_else(SizeHint::default, |(body, _)| body.body.size_hint())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some((body, give_back)) = self.loan.take() {
            // After a panic nothing waits for it.
            drop(give_back.send(body));
        }
    }
}

/// A response's body that tells its connection how it goes on.
#[derive(Debug)]
pub(super) struct Tracked {
    body: Body,
    busy: Busy,
}

impl Tracked {
    pub(super) fn new(body: Body, mut busy: Busy) -> Self {
        if !body.is_end_stream() {
            busy.begin_body();
        }
        Self { body, busy }
    }
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_some() {
            self.busy.note_progress();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
