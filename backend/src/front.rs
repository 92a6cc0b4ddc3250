//! What differs between the two ports: where a request carries its session, and how requests are
//! answered that never reach a handler.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header},
    response::{Html, IntoResponse},
};
use shared::{avatar, profile, sessions};

use crate::{
    embedded::{self, MAX_FILE_BYTES},
    error::Error,
    headers::SecurityHeaders,
    server::{Front, Refused},
};

/// When a client that was turned away may try again.
const RETRY: Duration = Duration::from_secs(2);
/// The lengths of what can be a session's secret, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 20..=4000;

/// The app's port: sessions are in a cookie.
pub(crate) struct AppFront {
    pub(crate) cookie: &'static str,
    pub(crate) security_headers: SecurityHeaders,
}

/// The largest body of the API, a picture, in bytes, and then some.
const APP_DRAIN_BYTES: u64 = 2 * avatar::MAX_BYTES as u64;

impl Front for AppFront {
    fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|cookies| cookies.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|cookie| {
                cookie
                    .trim_ascii_start()
                    .strip_prefix(self.cookie.as_bytes())?
                    .strip_prefix(b"=")
            })
            .find(|secret| SECRET_BYTES.contains(&secret.len()))
    }

    fn needs_session(&self, path: &str) -> bool {
        path == profile::PATH || path.starts_with(sessions::PATH)
    }

    fn drain_bytes(&self) -> u64 {
        APP_DRAIN_BYTES
    }

    fn refuse(&self, refused: Refused, uri: &Uri) -> Response<Body> {
        let error = match refused {
            Refused::Busy => Error::Busy(RETRY),
            Refused::TooSlow => Error::refused(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The request arrived too slowly. Send it again.",
            ),
        };
        if is_api(uri.path()) {
            return self.security_headers.api.add(error.into_response());
        }
        let mut reply = error.into_response();
        let page = Html(match refused {
            Refused::Busy => BUSY_PAGE,
            Refused::TooSlow => SLOW_PAGE,
        });
        let page = page.into_response();
        // Status and `Retry-After` stay.
        reply.headers_mut().remove(header::CONTENT_LENGTH);
        reply.headers_mut().extend(page.headers().clone());
        *reply.body_mut() = page.into_body();
        self.security_headers.site.add(reply)
    }
}

/// What a browser shows; small, because there is no time for more.
const BUSY_PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\"><title>Busy</title>\
    <h1>Too many visitors at once</h1><p>Try again in a few seconds.</p></html>";
const SLOW_PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\"><title>Too slow</title>\
    <h1>The form arrived too slowly</h1><p>Go back and send it again.</p></html>";

/// Whether a path is one of our API, where every answer is JSON.
fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The embedded server's port: sessions are in a header, and servers have keys.
pub(crate) struct AltogicFront;

/// The largest file in the form in which a Node client sends it: four characters for each byte.
const ALTOGIC_DRAIN_BYTES: u64 = 4 * MAX_FILE_BYTES;

impl Front for AltogicFront {
    fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        ["session", "authorization"]
            .iter()
            .filter_map(|name| headers.get(*name))
            .map(HeaderValue::as_bytes)
            .find(|secret| SECRET_BYTES.contains(&secret.len()))
    }

    fn needs_session(&self, path: &str) -> bool {
        path.ends_with("/auth/user") || path.ends_with("/auth/sessions")
    }

    fn drain_bytes(&self) -> u64 {
        ALTOGIC_DRAIN_BYTES
    }

    fn refuse(&self, refused: Refused, _: &Uri) -> Response<Body> {
        match refused {
            Refused::Busy => embedded::server_busy(),
            Refused::TooSlow => embedded::request_timeout(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(cookies: &[&str]) -> Option<String> {
        let front = AppFront {
            cookie: "session_token",
            security_headers: SecurityHeaders::new(&"http://localhost".parse().unwrap(), None),
        };
        let headers = cookies
            .iter()
            .map(|cookie| (header::COOKIE, HeaderValue::from_str(cookie).unwrap()))
            .collect();
        let secret = front.session(&headers)?;
        Some(String::from_utf8_lossy(secret).into_owned())
    }

    #[test]
    fn a_session_is_found_among_other_cookies_and_a_short_value_is_none() {
        let secret = "0123456789abcdefghijklm";

        let among = format!("a=b; session_token={secret}; c=d");
        assert_eq!(session(&[&among]).as_deref(), Some(secret));
        assert_eq!(session(&["a=b", &among]).as_deref(), Some(secret));
        assert_eq!(session(&["session_token=1", "x"]), None);
        assert_eq!(session(&[&format!("my_session_token={secret}")]), None);
    }
}
