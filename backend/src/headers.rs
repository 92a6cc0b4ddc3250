//! The security headers of every reply (SECURITY-BAR T-51, T-55 to T-57).

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, Response, header};
use url::{Host, Url};

use crate::{config::is_loopback, site};

/// What a reply may do that is no page, when opened in a tab: nothing.
pub const NO_PAGE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=(), xr-spatial-tracking=(), clipboard-write=(self), \
     publickey-credentials-create=(self), publickey-credentials-get=(self)";

/// What replies carry beside what their handlers set themselves.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    /// For pages and files.
    pub site: Headers,
    /// For replies under `/api`.
    pub api: Headers,
}

/// Headers for every reply of a kind; clones share them.
#[derive(Clone, Debug)]
pub struct Headers(Arc<HeaderMap>);

impl SecurityHeaders {
    /// Headers for a site at `public_url`; avatars may come from there and from the other Altogic.
    pub fn new(public_url: &Url, other_altogic: Option<&Url>) -> Self {
        let origins = [Some(public_url), other_altogic].into_iter().flatten();
        let origins: Vec<String> = origins.map(|url| url.origin().ascii_serialization()).collect();
        let origins = origins.join(" ");
        let page_policy = format!(
            "default-src 'none'; script-src {files} 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; img-src 'self' blob: data: {origins}; \
             connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'; object-src 'none'",
            files = script_files(public_url, site::SCRIPT_PATHS),
            scripts = site::SCRIPT_HASHES,
            styles = site::STYLE_HASHES,
        );
        let page_policy = HeaderValue::try_from(page_policy).expect("origins and hashes are ASCII");
        let https = public_url.scheme() == "https";
        Self {
            // Our forms have to say where they come from, and `no-referrer` takes that from them.
            site: Headers::new(page_policy, "strict-origin", https),
            api: Headers::new(HeaderValue::from_static(NO_PAGE_POLICY), "no-referrer", https),
        }
    }
}

/// The site's script files as sources: not `'self'`, because files that people upload have the same
/// origin.
fn script_files(public_url: &Url, paths: &str) -> String {
    // A source cannot name an IPv6 address (CSP 3, 2.3.1).
    if paths.is_empty() || matches!(public_url.host(), Some(Host::Ipv6(_))) {
        return "'self'".to_owned();
    }
    let own = public_url.origin().ascii_serialization();
    let mut origins = vec![own];
    if is_loopback(public_url) {
        // The other names of this machine, as in `cross_site`.
        for name in ["localhost", "127.0.0.1"] {
            let mut url = public_url.clone();
            if url.set_host(Some(name)).is_ok() {
                origins.push(url.origin().ascii_serialization());
            }
        }
        origins.sort();
        origins.dedup();
    }
    let sources = origins
        .iter()
        .flat_map(|origin| paths.lines().map(move |path| format!("{origin}{path}")));
    sources.collect::<Vec<_>>().join(" ")
}

impl Headers {
    fn new(policy: HeaderValue, referrer: &'static str, https: bool) -> Self {
        let fixed = HeaderValue::from_static;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
        headers.insert(header::REFERRER_POLICY, fixed(referrer));
        headers.insert("cross-origin-opener-policy", fixed("same-origin"));
        headers.insert("cross-origin-resource-policy", fixed("same-origin"));
        headers.insert("permissions-policy", fixed(PERMISSIONS));
        headers.insert(header::CACHE_CONTROL, fixed("no-store"));
        if https {
            let year = fixed("max-age=31536000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        }
        Self(Arc::new(headers))
    }

    /// Adds to a reply what it has not.
    pub fn add<B>(&self, mut reply: Response<B>) -> Response<B> {
        let headers = reply.headers_mut();
        // Old readers guess another character set.
        if headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value == "application/json")
        {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            );
        }
        // The map then grows once, and not at all when most are there.
        if headers.len() < self.0.len() {
            headers.reserve(self.0.len());
        }
        for (name, value) in &*self.0 {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(public_url: &str) -> String {
        script_files(&Url::parse(public_url).unwrap(), "/a.js\n/b/c.js")
    }

    #[test]
    fn scripts_are_named_one_by_one() {
        assert_eq!(
            files("https://accounts.example.com"),
            "https://accounts.example.com/a.js https://accounts.example.com/b/c.js"
        );
        assert_eq!(
            files("http://localhost:3000"),
            "http://127.0.0.1:3000/a.js http://127.0.0.1:3000/b/c.js http://localhost:3000/a.js \
             http://localhost:3000/b/c.js"
        );
        assert_eq!(files("http://[::1]:3000"), "'self'");
    }
}
