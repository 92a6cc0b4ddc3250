//! [`AppState`]: what every handler may use. Nothing in it belongs to a visitor.

use std::sync::{Arc, atomic::AtomicBool};

use ipnet::IpNet;
use tokio::sync::Semaphore;

use crate::{
    altogic::Altogic, cross_site::OwnOrigin, flow_cookie::FlowCookie, headers::SecurityHeaders,
    rate_limit::Limiter, session_cookie::SessionCookie,
};

/// What every handler may use; clones share it.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The client of the Altogic that we wrap.
    pub altogic: Altogic,
    /// Writes and clears the session cookie.
    pub session_cookie: SessionCookie,
    /// Remembers for which address this browser asked a mail.
    pub flow_cookie: FlowCookie,
    /// The origin of our pages.
    pub own_origin: OwnOrigin,
    /// The security headers of our replies.
    pub security_headers: SecurityHeaders,
    /// The limits of the routes where tries are counted.
    pub limiter: Limiter,
    /// The fewest code points of a new password.
    pub password_min_length: usize,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// One picture is decoded at a time: each may take [`crate::picture::MAX_ALLOC`].
    pub picture_slot: Arc<Semaphore>,
    /// Set when the program is about to end.
    pub stopping: Arc<AtomicBool>,
}
