//! The client of Altogic's REST API.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                                   ^^^^^^^^^^^^^^ you are here
//! ```
//!
//! It holds no session: the token of a call is an argument of that call. Which Altogic answers is
//! decided by the base URL alone.

mod auth_redirect;
mod avatar;
mod change_email;
mod change_password;
mod delete_account;
mod magic_link;
mod profile;
mod reply;
mod reset_password;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod verify_email;
mod wire;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde::de::DeserializeOwned;
use url::Url;

pub use self::wire::AuthGrant;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(8);
/// Larger replies are no account data.
const MAX_REPLY: usize = 1024 * 1024;

/// The client of one Altogic environment; clones share its connections.
#[derive(Clone, Debug)]
pub struct Altogic {
    http: Client,
    /// Without a trailing slash; may have a path.
    base: String,
}

impl Altogic {
    /// A client of the environment at `base`.
    ///
    /// # Errors
    /// When a key holds characters that no header can carry.
    pub fn new(base: &Url, client_key: &str, api_key: Option<&str>) -> anyhow::Result<Self> {
        let mut headers = header::HeaderMap::new();
        headers.insert("x-client", HeaderValue::from_static("latchkey"));
        headers.insert("x-client-key", secret(client_key)?);
        if let Some(api_key) = api_key {
            headers.insert(header::AUTHORIZATION, secret(api_key)?);
        }
        // reqwest is built without a choice of cryptography. A second call changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder()
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            http,
            base: base.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// Whether Altogic answers, its database included.
    pub async fn is_reachable(&self) -> bool {
        // A session that nobody has: without one, Altogic would not need to look it up.
        let answer = self
            .call(Method::GET, "auth/user")
            .header("session", "readiness-probe")
            .send()
            .await;
        answer.is_ok_and(|answer| !answer.status().is_server_error())
    }

    /// A call of `path` below the REST prefix, on nobody's behalf.
    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/_api/rest/v1/{path}", self.base))
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

/// Makes the call and decodes the value in its reply.
///
/// # Errors
/// [`Error::Refused`] with Altogic's reasons; [`Error::Unavailable`] when it does not answer in
/// time, answers with something else than it should, or fails.
async fn send<T: DeserializeOwned>(call: RequestBuilder) -> Result<T, Error> {
    let body = exchange(call).await?;
    reply::value(&body)
}

/// Makes a call whose reply has no value.
///
/// # Errors
/// As [`send`].
async fn send_for_nothing(call: RequestBuilder) -> Result<(), Error> {
    exchange(call).await.map(drop)
}

async fn exchange(call: RequestBuilder) -> Result<Vec<u8>, Error> {
    let mut answer = call.send().await.map_err(unreachable)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_REPLY {
            return Err(Error::Unavailable(
                StatusCode::BAD_GATEWAY,
                anyhow::anyhow!("the reply is larger than 1 MiB"),
            ));
        }
    }
    if status.is_success() {
        Ok(body)
    } else {
        Err(reply::failure(status, &headers, &body))
    }
}

fn unreachable(error: reqwest::Error) -> Error {
    let status = if error.is_timeout() {
        StatusCode::GATEWAY_TIMEOUT
    } else if error.is_connect() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_GATEWAY
    };
    // The URL can hold an address or an access token.
    Error::Unavailable(status, anyhow::Error::new(error.without_url()))
}
