//! One call and its reply: the time limit, second tries, and the [`Breaker`].
//!
//! [`Breaker`]: super::breaker::Breaker

use std::time::Duration;

use axum::{
    body::Bytes,
    http::{Response, StatusCode},
};
use backon::{ExponentialBuilder, Retryable};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use super::{Altogic, call::Call, reply};
use crate::error::Error;

/// The longest time for a call, its second tries included.
pub(super) const TIMEOUT: Duration = Duration::from_secs(8);
/// Second tries of a read (SECURITY-BAR T-82).
const MAX_RETRIES: usize = 2;
/// The shortest wait before the first of them; up to twice as long, so that many visitors do not
/// come back at the same moment.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Why a call gave no value, and what that says about Altogic.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) altogic: Health,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// It answered in its own words, or with something that no second try would change.
    Answers,
    /// It refused the connection, broke off, or something before it failed.
    Fails,
    /// It said nothing in time.
    Silent,
    /// It was not asked.
    Unknown,
}

impl Altogic {
    /// Makes a call that changes something, exactly once, and decodes the value in its reply.
    ///
    /// # Errors
    /// [`Error::Refused`] with Altogic's reasons; [`Error::Unavailable`] when it does not answer in
    /// time, answers with something else than it should, fails, or kept failing just now.
    pub(super) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let body = self
            .exchange(call, TIMEOUT)
            .await
            .map_err(|failure| failure.error)?;
        reply::value(&body)
    }

    /// As [`Altogic::send`], for a call whose reply has no value.
    ///
    /// # Errors
    /// As [`Altogic::send`].
    pub(super) async fn send_for_nothing(&self, call: Call) -> Result<(), Error> {
        let body = self
            .exchange(call, TIMEOUT)
            .await
            .map_err(|failure| failure.error)?;
        reply::nothing(&body)
    }

    /// As [`Altogic::send`], for a call whose reply has a value only from some Altogics.
    ///
    /// # Errors
    /// As [`Altogic::send`].
    pub(super) async fn send_for_any<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, Error> {
        let body = self
            .exchange(call, TIMEOUT)
            .await
            .map_err(|failure| failure.error)?;
        reply::nothing(&body)?;
        Ok(reply::value(&body).ok())
    }

    /// As [`Altogic::send`], for a call without a body that changes nothing: it is made up to three
    /// times.
    ///
    /// # Errors
    /// As [`Altogic::send`].
    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let deadline = Instant::now() + TIMEOUT;
        let policy = ExponentialBuilder::default()
            .with_min_delay(RETRY_PAUSE)
            .with_max_times(MAX_RETRIES)
            .with_jitter();
        let read = || self.exchange(call.again(), deadline - Instant::now());
        let body = read
            .retry(policy)
            .when(|failure| failure.altogic == Health::Fails)
            .await
            .map_err(|failure| failure.error)?;
        reply::value(&body)
    }

    async fn exchange(&self, call: Call, time: Duration) -> Result<Bytes, Failure> {
        if !self.breaker.lets_through() {
            return Err(Failure {
                error: unavailable(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "it kept failing and was not asked",
                ),
                altogic: Health::Unknown,
            });
        }
        let outcome = match timeout(time, self.transport.send(call)).await {
            Ok(reply) => reply.and_then(body_of),
            Err(_) => Err(Failure {
                error: unavailable(StatusCode::GATEWAY_TIMEOUT, "it does not answer in time"),
                altogic: Health::Silent,
            }),
        };
        match &outcome {
            Err(Failure {
                altogic: Health::Fails | Health::Silent,
                ..
            }) => self.breaker.failed(),
            _ => self.breaker.succeeded(),
        }
        outcome
    }

    /// Whether a call is answered in time, and not with a failure; whatever the [`Breaker`] says.
    ///
    /// [`Breaker`]: super::breaker::Breaker
    pub(super) async fn is_answered(&self, call: Call) -> bool {
        let reply = timeout(TIMEOUT, self.transport.send(call)).await;
        matches!(reply, Ok(Ok(reply)) if !reply.status().is_server_error())
    }
}

fn body_of(reply: Response<Bytes>) -> Result<Bytes, Failure> {
    let (head, body) = reply.into_parts();
    if head.status.is_success() {
        return Ok(body);
    }
    let says_why = reply::says_why(&body);
    Err(Failure {
        error: reply::failure(head.status, &head.headers, &body),
        // A page of a proxy, or of a crash. An Altogic that is too busy for one call says so, and
        // still takes others.
        altogic: if head.status.is_server_error() && !says_why {
            Health::Fails
        } else {
            Health::Answers
        },
    })
}

/// What an error of the network says.
pub(super) fn unreachable(error: reqwest::Error) -> Failure {
    let (status, altogic) = if error.is_timeout() {
        (StatusCode::GATEWAY_TIMEOUT, Health::Silent)
    } else if error.is_connect() {
        (StatusCode::SERVICE_UNAVAILABLE, Health::Fails)
    } else {
        (StatusCode::BAD_GATEWAY, Health::Fails)
    };
    // The URL can hold an address or an access token.
    let cause = anyhow::Error::new(error.without_url());
    Failure {
        error: Error::Unavailable(status, cause),
        altogic,
    }
}

pub(super) fn unavailable(status: StatusCode, cause: &'static str) -> Error {
    Error::Unavailable(status, anyhow::anyhow!(cause))
}
