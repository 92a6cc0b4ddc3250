//! Who calls, as far as the network tells: address and `User-Agent`.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;

use super::Embedded;

/// Where a request comes from. What is not known is `None`.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// In canonical form: an IPv4 address in IPv6 clothes is an IPv4 address.
    pub(crate) ip: Option<IpAddr>,
    /// At most 512 bytes of the header.
    pub(crate) user_agent: Option<String>,
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
            ip: peer.map(|peer| ip(peer, &parts.headers, &embedded.settings.trusted_proxies)),
            user_agent,
        })
    }
}

/// The rightmost hop of `X-Forwarded-For` that is no trusted proxy. The header counts only when
/// the peer itself is trusted: anybody can write one.
fn ip(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let trusted = |ip: &IpAddr| trusted_proxies.iter().any(|proxies| proxies.contains(ip));
    let mut nearest = peer.to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        if !trusted(&nearest) {
            break;
        }
        let Ok(hop) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = hop.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        ip(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_their_address() {
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_hop_counts() {
        assert_eq!(
            seen("127.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.7"]),
            "203.0.113.9"
        );
        assert_eq!(seen("127.0.0.1", &["1.2.3.4", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn nonsense_stops_the_walk_at_the_last_known_hop() {
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, unknown, 10.0.0.7"]), "10.0.0.7");
        assert_eq!(seen("127.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }
}
