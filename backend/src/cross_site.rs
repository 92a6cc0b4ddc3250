//! Refuses what another site makes a visitor's browser send (SECURITY-BAR T-16, T-18).

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use url::Url;

use crate::{config::is_loopback, error::Error};

/// The origin of our pages.
#[derive(Clone, Debug)]
pub struct OwnOrigin {
    public_url: Url,
}

impl OwnOrigin {
    /// The origin of `public_url`; on loopback also its other names, with the same port.
    pub fn new(public_url: &Url) -> Self {
        Self {
            public_url: public_url.clone(),
        }
    }

    /// Lets a request that changes something pass only when it comes from our own pages, or from a
    /// program without cookies.
    ///
    /// # Errors
    /// 403 `cross_site_request`.
    pub fn refuse_others(&self, request: &Request) -> Result<(), Error> {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if reads || self.sent(request.headers()) {
            return Ok(());
        }
        Err(Error::refused(
            StatusCode::FORBIDDEN,
            "cross_site_request",
            "This request did not come from this site.",
        ))
    }

    /// Whether these headers can only come from our own pages, or from no browser at all.
    fn sent(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let origin_ok = text(header::ORIGIN).map(|origin| self.is(origin));
        match (text(header::HeaderName::from_static("sec-fetch-site")), origin_ok) {
            (_, Some(false)) => false,
            (Some(site), _) => site == "same-origin" || site == "none",
            (None, Some(true)) => true,
            // No browser sends neither; a program that carries a cookie says where it comes from.
            (None, None) => !headers.contains_key(header::COOKIE),
        }
    }

    fn is(&self, origin: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else {
            return false;
        };
        origin.origin() == self.public_url.origin()
            || (is_loopback(&origin)
                && is_loopback(&self.public_url)
                && origin.scheme() == self.public_url.scheme()
                && origin.port_or_known_default() == self.public_url.port_or_known_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(public_url: &str, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
        OwnOrigin::new(&Url::parse(public_url).unwrap()).sent(&headers.collect())
    }

    #[test]
    fn the_table_of_headers_holds() {
        for (headers, passes) in [
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "https://a.example")][..],
                true,
            ),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("origin", "https://a.example")], true),
            (&[], true),
            (&[("cookie", "session_token=x")], false),
            (
                &[("cookie", "session_token=x"), ("origin", "https://a.example")],
                true,
            ),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://a.example")],
                false,
            ),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "https://evil.example"),
                ],
                false,
            ),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://a.example.evil.example")], false),
            (&[("origin", "http://a.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
        ] {
            assert_eq!(sent("https://a.example", headers), passes, "{headers:?}");
        }
    }

    #[test]
    fn localhost_has_several_names() {
        assert!(sent(
            "http://localhost:3000",
            &[("origin", "http://127.0.0.1:3000")]
        ));
        assert!(sent("http://localhost:3000", &[("origin", "http://[::1]:3000")]));
        assert!(!sent(
            "http://localhost:3000",
            &[("origin", "http://127.0.0.1:3001")]
        ));
        assert!(!sent("https://a.example", &[("origin", "http://127.0.0.1:3000")]));
    }
}
