//! [`AppState`]: what every handler may use. Nothing in it belongs to a visitor.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
};

use ipnet::IpNet;

use crate::{
    altogic::Altogic, cross_site::OwnOrigin, device_cookie::DeviceCookie, flow_cookie::FlowCookie,
    headers::SecurityHeaders, picture::Pictures, rate_limit::Limiter, readiness::Readiness,
    session_cookie::SessionCookie,
};

/// What every handler may use; clones share it. Each layer clones it for each request, so a clone
/// is one count and no allocation.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

/// What is in an [`AppState`].
#[derive(Debug)]
pub struct Parts {
    /// The client of the Altogic that we wrap.
    pub altogic: Altogic,
    /// Whether accounts can be used now.
    pub readiness: Readiness,
    /// Writes and clears the session cookie.
    pub session_cookie: SessionCookie,
    /// Remembers for which addresses this browser asked a mail, and which sign-ups it made.
    pub flow_cookie: FlowCookie,
    /// Remembers which accounts this browser signed in to.
    pub device_cookie: DeviceCookie,
    /// The origin of our pages.
    pub own_origin: OwnOrigin,
    /// The security headers of our replies.
    pub security_headers: SecurityHeaders,
    /// The limits of the routes where tries are counted.
    pub limiter: Limiter,
    /// The fewest code points of a new password.
    pub password_min_length: usize,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The limit of uploads of pictures.
    pub upload_limiter: Limiter,
    /// Takes and decodes pictures.
    pub pictures: Pictures,
    /// Set when the program is about to end.
    pub stopping: Arc<AtomicBool>,
}
