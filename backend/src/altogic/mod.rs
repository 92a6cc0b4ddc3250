//! The client of Altogic's REST API.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                                   ^^^^^^^^^^^^^^ you are here
//! ```
//!
//! It holds no session: the token of a call is an argument of that call. Which Altogic answers,
//! and how it is reached ([`Transport`]), is decided at the start and nowhere else.

mod auth_redirect;
mod avatar;
mod breaker;
mod call;
mod change_email;
mod change_password;
mod delete_account;
mod exchange;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzzed;
mod magic_link;
#[cfg(test)]
mod mutations;
mod profile;
mod reply;
mod reset_password;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod transport;
mod turns;
mod verify_email;
mod wire;

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, Method, header},
};
use reqwest::{Client, redirect};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use url::Url;

pub use self::{auth_redirect::Proof, sign_up::SignUp, wire::AuthGrant};
use self::{breaker::Breaker, call::Call, transport::Transport, turns::Turns};
use crate::{embedded::Clock, extract::Caller, session_cookie::SessionToken};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The client of one Altogic environment; clones share its connections.
#[derive(Clone, Debug)]
pub struct Altogic {
    transport: Transport,
    /// What each call carries.
    keys: HeaderMap,
    breaker: Breaker,
    /// Users whose picture is being changed.
    avatar_turns: Turns,
    /// What is finished even when its caller leaves.
    changes: TaskTracker,
}

impl Altogic {
    /// A client of the environment at `base`, which may have a path; `clock` says when to ask again
    /// one that kept failing.
    ///
    /// # Errors
    /// When a key holds characters that no header can carry.
    pub fn at(base: &Url, client_key: &str, api_key: Option<&str>, clock: Clock) -> anyhow::Result<Self> {
        // reqwest is built without a choice of cryptography. A second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()?;
        let rest = format!("{}/_api/rest/v1", base.as_str().trim_end_matches('/'));
        Self::new(Transport::Network(client, rest), client_key, api_key, clock)
    }

    /// A client of the embedded server, whose calls `router` has at its root.
    ///
    /// # Errors
    /// As [`Altogic::at`].
    pub fn embedded(router: Router, client_key: &str, clock: Clock) -> anyhow::Result<Self> {
        Self::new(Transport::Direct(router), client_key, None, clock)
    }

    fn new(
        transport: Transport,
        client_key: &str,
        api_key: Option<&str>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let mut keys = HeaderMap::new();
        keys.insert("x-client", HeaderValue::from_static("latchkey"));
        keys.insert("x-client-key", secret(client_key)?);
        if let Some(api_key) = api_key {
            keys.insert(header::AUTHORIZATION, secret(api_key)?);
        }
        Ok(Self {
            transport,
            keys,
            breaker: Breaker::new(clock),
            avatar_turns: Turns::default(),
            changes: TaskTracker::new(),
        })
    }

    /// Whether Altogic answers, its database included. It is asked even when it kept failing, and
    /// everybody is let through again once it answers.
    pub async fn is_reachable(&self) -> bool {
        // A session that nobody has: without one, Altogic would not need to look it up.
        let nobody = SessionToken::new("readiness-probe".to_owned()).expect("it could be a token");
        let call = Call::new(Method::GET, "auth/user", &self.keys).with_session(&nobody);
        let is_reachable = self.is_answered(call).await;
        if is_reachable {
            self.breaker.succeeded();
        }
        is_reachable
    }

    /// Waits for the end of changes whose callers have left, at most as long as a call may take.
    pub async fn finish(&self) {
        self.changes.close();
        if timeout(exchange::TIMEOUT, self.changes.wait()).await.is_err() {
            tracing::warn!(changes = self.changes.len(), "changes are broken off");
        }
    }

    /// Whether this is the embedded server.
    pub fn is_embedded(&self) -> bool {
        matches!(self.transport, Transport::Direct(_))
    }

    /// A call on a visitor's behalf.
    fn call_for(&self, caller: &Caller, method: Method, path: &str) -> Call {
        Call::new(method, path, &self.keys).by(caller)
    }

    /// A call on a signed-in visitor's behalf.
    fn call_as(&self, caller: &Caller, session: &SessionToken, method: Method, path: &str) -> Call {
        self.call_for(caller, method, path).with_session(session)
    }
}

fn secret(key: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(key)?;
    value.set_sensitive(true);
    Ok(value)
}
