//! Who calls, as far as the network tells: address and `User-Agent`.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use super::Embedded;
use crate::client_address::client_address;
use crate::request_id;

/// Where a request comes from. What is not known is `None`.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// In canonical form: an IPv4 address in IPv6 clothes is an IPv4 address.
    pub(crate) ip: Option<IpAddr>,
    /// At most 512 bytes of the header.
    pub(crate) user_agent: Option<String>,
    /// The id of the request: letters, digits, `-` and `_`.
    pub(crate) request_id: HeaderValue,
}

const MAX_USER_AGENT_BYTES: usize = 512;

impl FromRequestParts<Embedded> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, embedded: &Embedded) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip());
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .map(|text| text[..text.floor_char_boundary(MAX_USER_AGENT_BYTES)].to_owned());
        Ok(Self {
            ip: peer.map(|peer| client_address(peer, &parts.headers, &embedded.settings.trusted_proxies)),
            user_agent,
            request_id: request_id::of(
                &parts.headers,
                &parts.extensions,
                &embedded.settings.trusted_proxies,
            ),
        })
    }
}
