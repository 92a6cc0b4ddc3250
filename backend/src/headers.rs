//! The security headers of every reply (SECURITY-BAR T-51, T-55 to T-57).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use url::Url;

use crate::{site, state::AppState};

/// What replies under `/api` may do when opened in a tab: nothing.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=(), xr-spatial-tracking=(), clipboard-write=(self), \
     publickey-credentials-create=(self), publickey-credentials-get=(self)";

/// The header values that depend on the settings.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    page_policy: HeaderValue,
    https: bool,
}

impl SecurityHeaders {
    /// Headers for pages at `public_url`; avatars may come from there and from the other Altogic.
    pub fn new(public_url: &Url, other_altogic: Option<&Url>) -> Self {
        let origins = [Some(public_url), other_altogic].into_iter().flatten();
        let origins: Vec<String> = origins.map(|url| url.origin().ascii_serialization()).collect();
        let origins = origins.join(" ");
        let page_policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; img-src 'self' blob: {origins}; \
             connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'; object-src 'none'",
            scripts = site::SCRIPT_HASHES,
            styles = site::STYLE_HASHES,
        );
        let page_policy = HeaderValue::try_from(page_policy).expect("origins and hashes are ASCII");
        Self {
            page_policy,
            https: public_url.scheme() == "https",
        }
    }

    fn apply(&self, is_api: bool, headers: &mut HeaderMap) {
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
        // The map then grows once.
        headers.reserve(8);
        let mut set = |name: HeaderName, value: HeaderValue| {
            headers.entry(name).or_insert(value);
        };
        let fixed = HeaderValue::from_static;
        set(
            header::CONTENT_SECURITY_POLICY,
            if is_api {
                fixed(API_POLICY)
            } else {
                self.page_policy.clone()
            },
        );
        set(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
        // Our forms have to say where they come from, and `no-referrer` takes that from them.
        set(
            header::REFERRER_POLICY,
            fixed(if is_api { "no-referrer" } else { "strict-origin" }),
        );
        set(
            HeaderName::from_static("cross-origin-opener-policy"),
            fixed("same-origin"),
        );
        set(
            HeaderName::from_static("cross-origin-resource-policy"),
            fixed("same-origin"),
        );
        set(HeaderName::from_static("permissions-policy"), fixed(PERMISSIONS));
        set(header::CACHE_CONTROL, fixed("no-store"));
        if self.https {
            set(
                header::STRICT_TRANSPORT_SECURITY,
                fixed("max-age=31536000; includeSubDomains"),
            );
        }
    }
}

/// Adds what the handler did not set itself.
pub async fn add(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut reply = next.run(request).await;
    app.security_headers.apply(is_api, reply.headers_mut());
    reply
}
