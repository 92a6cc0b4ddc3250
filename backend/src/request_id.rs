//! The id of a request: the same in its log lines, in its audit rows, and in its reply.

use std::net::SocketAddr;

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request},
};
use ipnet::IpNet;
use tower_http::request_id::{MakeRequestId, RequestId};

/// The header that carries it, in requests and in replies.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a proxy may give, in bytes.
const MAX_BYTES: usize = 64;

/// Makes ids of 16 lower-case hex digits, all of them random.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewId;

impl MakeRequestId for NewId {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        Some(new().into())
    }
}

fn new() -> HeaderValue {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has a source of random bytes");
    let id = format!("{:016x}", u64::from_ne_bytes(bytes));
    HeaderValue::try_from(id).expect("hex digits are visible ASCII")
}

/// Drops the id that a request arrives with, unless a proxy in `trusted` sent it and it is 1 to 64
/// letters, digits, `-` and `_`: a client must not choose what our log says.
pub(crate) fn vet<B>(mut request: Request<B>, trusted: &[IpNet]) -> Request<B> {
    if given(request.headers(), request.extensions(), trusted).is_none() {
        request.headers_mut().remove(HEADER);
    }
    request
}

/// The id of a request. One that no layer of ours has seen yet gets a new one at each call.
pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions, trusted: &[IpNet]) -> HeaderValue {
    if let Some(id) = extensions.get::<RequestId>() {
        return id.header_value().clone();
    }
    given(headers, extensions, trusted).cloned().unwrap_or_else(new)
}

/// The id as a field of a span.
pub(crate) fn in_span<B>(request: &Request<B>) -> &str {
    let id = request.extensions().get::<RequestId>();
    id.and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default()
}

fn given<'a>(headers: &'a HeaderMap, extensions: &Extensions, trusted: &[IpNet]) -> Option<&'a HeaderValue> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    if !trusted.iter().any(|net| net.contains(&peer)) {
        return None;
    }
    headers.get(HEADER).filter(|id| is_well_formed(id.as_bytes()))
}

fn is_well_formed(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vetted(peer: &str, id: &'static [u8]) -> Option<String> {
        let mut request = Request::new(());
        let value = HeaderValue::from_bytes(id).unwrap();
        request.headers_mut().insert(HEADER, value);
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let request = vet(request, &["10.0.0.0/8".parse().unwrap()]);
        let id = request.headers().get(HEADER)?;
        Some(id.to_str().unwrap().to_owned())
    }

    #[test]
    fn only_a_trusted_proxy_chooses_an_id() {
        assert_eq!(vetted("10.0.0.1:1", b"edge-1_A").as_deref(), Some("edge-1_A"));
        assert_eq!(
            vetted("[::ffff:10.0.0.1]:1", b"edge-1").as_deref(),
            Some("edge-1")
        );
        assert_eq!(vetted("192.0.2.1:1", b"edge-1"), None);
    }

    #[test]
    fn an_id_of_another_form_is_dropped() {
        for id in [&b""[..], b"a b", b"a\tb", b"a=\"b\"", b"\xff", &[b'a'; 65]] {
            assert_eq!(vetted("10.0.0.1:1", id), None, "{id:?}");
        }
    }

    #[test]
    fn a_request_without_an_id_gets_one_of_its_own() {
        let request = Request::new(());
        let id = || of(request.headers(), request.extensions(), &[]);

        assert_eq!(id().len(), 16);
        assert_ne!(id(), id());
        assert!(is_well_formed(id().as_bytes()));
    }
}
