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
mod change_email;
mod change_password;
mod delete_account;
mod exchange;
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
mod verify_email;
mod wire;

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, header},
};
use reqwest::{Client, Method, RequestBuilder, redirect};
use url::Url;

pub use self::wire::AuthGrant;
use self::{breaker::Breaker, transport::Transport};
use crate::{embedded::Clock, extract::Caller, session_cookie::SessionToken};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The client of one Altogic environment; clones share its connections.
#[derive(Clone, Debug)]
pub struct Altogic {
    transport: Transport,
    http: Client,
    /// Without a trailing slash; may have a path.
    base: String,
    /// What each call carries.
    keys: HeaderMap,
    breaker: Breaker,
}

impl Altogic {
    /// A client of the environment at `base`; `clock` says when to ask again one that kept failing.
    ///
    /// # Errors
    /// When a key holds characters that no header can carry.
    pub fn at(base: &Url, client_key: &str, api_key: Option<&str>, clock: Clock) -> anyhow::Result<Self> {
        Self::new(
            Transport::Network,
            base.as_str().trim_end_matches('/'),
            client_key,
            api_key,
            clock,
        )
    }

    /// A client of the embedded server, whose REST API is `router`.
    ///
    /// # Errors
    /// As [`Altogic::at`].
    pub fn embedded(router: Router, client_key: &str, clock: Clock) -> anyhow::Result<Self> {
        let transport = Transport::Direct(router);
        Self::new(transport, "http://embedded.localhost", client_key, None, clock)
    }

    fn new(
        transport: Transport,
        base: &str,
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
        // reqwest is built without a choice of cryptography. A second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            transport,
            http,
            base: base.to_owned(),
            keys,
            breaker: Breaker::new(clock),
        })
    }

    /// Whether Altogic answers, its database included. It is asked even when it kept failing, and
    /// everybody is let through again once it answers.
    pub async fn is_reachable(&self) -> bool {
        // A session that nobody has: without one, Altogic would not need to look it up.
        let call = self
            .call(Method::GET, "auth/user")
            .header("session", "readiness-probe");
        let is_reachable = self.is_answered(call).await;
        if is_reachable {
            self.breaker.succeeded();
        }
        is_reachable
    }

    /// A call of `path` below the REST prefix, on nobody's behalf.
    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/_api/rest/v1/{path}", self.base))
            .headers(self.keys.clone())
    }

    /// A call on a visitor's behalf.
    fn call_for(&self, caller: &Caller, method: Method, path: &str) -> RequestBuilder {
        let mut call = self.call(method, path);
        if let Some(user_agent) = &caller.user_agent {
            call = call.header(header::USER_AGENT, user_agent);
        }
        if let Some(address) = caller.address {
            call = call.header("x-forwarded-for", address.to_string());
        }
        call
    }

    /// A call on a signed-in visitor's behalf.
    fn call_as(&self, caller: &Caller, session: &SessionToken, method: Method, path: &str) -> RequestBuilder {
        self.call_for(caller, method, path)
            .header("session", session.expose())
    }
}

fn secret(key: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(key)?;
    value.set_sensitive(true);
    Ok(value)
}
