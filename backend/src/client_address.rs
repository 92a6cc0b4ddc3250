//! Whose request it is: the peer's address, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client behind `peer`.
///
/// `X-Forwarded-For` and `Forwarded` (RFC 7239) are believed only from a peer in `trusted`: the
/// rightmost address that is not a trusted proxy is the client (SECURITY-BAR T-25). What cannot be
/// read ends the walk there. So do two headers that differ: a proxy that writes one of them passes
/// the other on as the client wrote it. An IPv4 address inside IPv6 is given as IPv4.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let list = headers.contains_key(X_FORWARDED_FOR).then(|| {
        let hops = headers.get_all(X_FORWARDED_FOR).iter();
        hops.flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|hop| !hop.is_empty())
            .map(|hop| std::str::from_utf8(hop).ok().and_then(address))
            .collect()
    });
    let standard = headers.contains_key(header::FORWARDED).then(|| {
        let values = headers.get_all(header::FORWARDED).iter();
        values.flat_map(forwarded).collect()
    });
    let walked = [list, standard].map(|hops| hops.map(|hops| walk(peer, hops, is_trusted)));
    match walked {
        [None, None] => peer,
        [Some(client), None] | [None, Some(client)] => client,
        [Some(client), Some(other)] if client == other => client,
        [Some(_), Some(_)] => {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    "a trusted proxy sends X-Forwarded-For and Forwarded, and they differ: neither is \
                     believed. Have the proxy remove the one that it does not write. This is said once"
                );
            });
            peer
        }
    }
}

/// From the right past the trusted ones.
fn walk(peer: IpAddr, hops: Vec<Option<IpAddr>>, is_trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        let Some(hop) = hop else {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::warn!(
                    "a trusted proxy sends a client address that cannot be read: its own address counts \
                     in its place. Expected an IP address in X-Forwarded-For or Forwarded. This is said \
                     once"
                );
            });
            break;
        };
        client = hop;
    }
    client
}

/// An address as proxies write it: with a port, in brackets, or with a zone, or none of these.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let without_zone = bare.split('%').next().unwrap_or(bare);
    let ip = without_zone.parse().ok().or_else(|| {
        let address: SocketAddr = text.parse().ok()?;
        Some(address.ip())
    });
    ip.map(|ip: IpAddr| ip.to_canonical())
}

/// The hops of one `Forwarded` header, `None` for each that cannot be read, or is hidden.
fn forwarded(value: &HeaderValue) -> Vec<Option<IpAddr>> {
    let Some(elements) = value.to_str().ok().and_then(|text| parts(text, ',')) else {
        return vec![None];
    };
    let elements = elements.into_iter().filter(|element| !element.trim().is_empty());
    let hop = |element: &str| {
        let pairs = parts(element, ';')?;
        let (_, node) = pairs
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        let node = node.trim();
        let quoted = node.strip_prefix('"').and_then(|node| node.strip_suffix('"'));
        address(&quoted.unwrap_or(node).replace('\\', ""))
    };
    elements.map(hop).collect()
}

/// The text at its separators, those in quotes left out; `None` where a quote is not closed.
fn parts(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// What limits count: one IPv4 address, or the /64 that one IPv6 customer gets (SECURITY-BAR T-32).
pub fn limiter_key(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The network above that of [`limiter_key`]: the /48 that one IPv6 site gets; `None` for IPv4,
/// where addresses next to each other belong to different people.
pub fn wide_limiter_key(ip: IpAddr) -> Option<IpAddr> {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Some(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80)).into()),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(peer: &str, sent: &[(HeaderName, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()]).to_string()
    }

    fn client(peer: &str, list: &[&str]) -> String {
        let sent: Vec<_> = list.iter().map(|value| (X_FORWARDED_FOR, *value)).collect();
        told(peer, &sent)
    }

    fn standard(value: &str) -> String {
        told("10.0.0.1", &[(header::FORWARDED, value)])
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_walked_from_the_right() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn what_is_no_address_ends_the_walk() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7, 203.0.113.9:port"]),
            "10.0.0.1"
        );
    }

    #[test]
    fn an_address_may_have_a_port_and_brackets() {
        for (hop, address) in [
            ("203.0.113.7:51234", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ] {
            assert_eq!(client("10.0.0.1", &[hop]), address, "{hop}");
            let chain = format!("198.51.100.9, {hop}, 10.0.0.2:8080");
            assert_eq!(client("10.0.0.1", &[&chain]), address, "{chain}");
        }
    }

    #[test]
    fn bytes_that_a_client_adds_do_not_hide_what_the_proxy_adds() {
        assert_eq!(
            client("10.0.0.1", &["\u{e4}\u{2028}, 203.0.113.7"]),
            "203.0.113.7"
        );
    }

    #[test]
    fn the_standard_header_is_read_too() {
        for (value, address) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"203.0.113.7:51234\"", "203.0.113.7"),
            ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("proto=https;by=10.0.0.1; for=203.0.113.7", "203.0.113.7"),
            ("for=198.51.100.9, for=203.0.113.7;proto=http", "203.0.113.7"),
            ("for=203.0.113.7, for=10.0.0.2", "203.0.113.7"),
            ("for=198.51.100.9;host=\"a,for=192.0.2.1\"", "198.51.100.9"),
        ] {
            assert_eq!(standard(value), address, "{value}");
        }
        for value in [
            "for=unknown",
            "for=_hidden",
            "for=198.51.100.9, proto=https",
            "for=\"198.51.100.9",
            "for=\"x, for=198.51.100.9",
            "203.0.113.7",
        ] {
            assert_eq!(standard(value), "10.0.0.1", "{value}");
        }
        assert_eq!(
            told("192.0.2.1", &[(header::FORWARDED, "for=203.0.113.7")]),
            "192.0.2.1"
        );
    }

    /// SECURITY-BAR T-25.
    #[test]
    fn a_header_that_the_proxy_passes_on_gives_no_choice() {
        let both = |list, standard| {
            let sent = [(X_FORWARDED_FOR, list), (header::FORWARDED, standard)];
            told("10.0.0.1", &sent)
        };

        assert_eq!(both("203.0.113.7", "for=203.0.113.7"), "203.0.113.7");
        assert_eq!(both("203.0.113.7", "for=198.51.100.9"), "10.0.0.1");
        assert_eq!(both("203.0.113.7", "for=unknown"), "10.0.0.1");
    }

    #[test]
    fn one_ipv6_network_is_one_client() {
        let key = |text: &str| limiter_key(text.parse().unwrap());

        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
