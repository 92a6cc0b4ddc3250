//! `TRUSTED_PROXIES`: networks whose word is believed, so never a large part of the internet.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Expected;

/// A shorter prefix than these is more than anybody's proxies have: 10.0.0.0/8 is the largest
/// private IPv4 network, and the largest blocks of IPv6 that providers hold are some /19.
const SHORTEST_V4: u8 = 8;
const SHORTEST_V6: u8 = 16;

/// An address, or a network as `address/prefix` or `address/mask`.
pub(crate) fn network(text: &str) -> Result<IpNet, Expected> {
    let text = text.trim();
    let masked = || {
        let (ip, mask) = text.split_once('/')?;
        IpNet::with_netmask(ip.parse().ok()?, mask.parse().ok()?).ok()
    };
    let net = text
        .parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .or_else(masked)
        .ok_or(Expected(
            "addresses or networks of your proxies, separated by commas, such as 10.0.0.1, 10.0.0.0/8 \
             or fd00::/8",
        ))?;
    Ok(without_mapping(net).trunc())
}

/// Peers are compared as IPv4 where they are (`client_address`), so networks are too.
fn without_mapping(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let mapped = v6.addr().to_ipv4_mapped();
    let prefix = v6.prefix_len().checked_sub(96);
    match (mapped, prefix) {
        (Some(ip), Some(prefix)) => Ipv4Net::new(ip, prefix).map_or(net, IpNet::V4),
        _ => net,
    }
}

/// Whether some of them, taken together, are too much to be proxies: a visitor from there would
/// choose the address that limits and sessions go by (SECURITY-BAR T-25).
pub(crate) fn too_wide(networks: &[IpNet]) -> bool {
    IpNet::aggregate(&networks.to_vec()).iter().any(|net| match net {
        IpNet::V4(net) => net.prefix_len() < SHORTEST_V4,
        IpNet::V6(net) => net.prefix_len() < SHORTEST_V6 && !is_private(net),
    })
}

/// Unique local (RFC 4193) and link-local addresses (RFC 4291, 2.5.6) reach nobody from outside.
fn is_private(net: &Ipv6Net) -> bool {
    ["fc00::/7", "fe80::/10"]
        .iter()
        .filter_map(|private| private.parse::<Ipv6Net>().ok())
        .any(|private| private.contains(net))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_taken_in_each_spelling() {
        for (text, net) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(network(text).unwrap(), net.parse::<IpNet>().unwrap(), "{text}");
        }
        for text in ["here", "10.0.0.1:80", "10.0.0.0/33", "10.0.0", "*"] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_large_part_of_the_internet_is_a_proxy_not_even_in_pieces() {
        let wide = |list: &str| {
            let networks: Vec<IpNet> = list.split(',').map(|net| network(net).unwrap()).collect();
            too_wide(&networks)
        };

        for list in [
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1,128.0.0.0/1",
            "2.0.0.0/8,3.0.0.0/8",
            "2000::/3",
            "::ffff:0:0/96",
        ] {
            assert!(wide(list), "{list}");
        }
        for list in [
            "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,fe80::/10,127.0.0.1",
            "2a06:98c0::/29",
            "fc00::/8,fd00::/8",
        ] {
            assert!(!wide(list), "{list}");
        }
    }
}
