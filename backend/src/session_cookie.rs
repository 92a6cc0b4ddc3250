//! [`SessionCookie`]: the only place that writes or clears the session cookie, and the hint
//! cookie that goes with it.

use std::{fmt, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use shared::SIGNED_IN_COOKIE;
use tower_cookies::{
    Cookie,
    cookie::{SameSite, time},
};
use url::Url;

use crate::{cookies::Cookies, error::Error, state::AppState};

/// Altogic's secret behind a session: 1 to 4,000 visible ASCII characters; prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

/// With the cookie's name and flags, the cookie stays under the 4,096 bytes that browsers keep.
const MAX_TOKEN_BYTES: usize = 4000;

impl SessionToken {
    /// The token, if it can be one.
    pub fn new(text: String) -> Option<Self> {
        let sound = (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(is_cookie_byte);
        sound.then_some(Self(text))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// RFC 6265, 4.1.1, `cookie-octet`.
fn is_cookie_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Names and flags of the two cookies of a signed-in browser.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    name: &'static str,
    secure: bool,
    max_age: time::Duration,
}

/// Marks a reply after which the browser must not keep its session cookie.
#[derive(Clone, Debug)]
pub struct SessionEnded;

impl SessionCookie {
    /// On https the cookie is `Secure` and bound to the host by its `__Host-` prefix.
    pub fn new(public_url: &Url, max_age: Duration) -> Self {
        let secure = public_url.scheme() == "https";
        let name = if secure {
            "__Host-session_token"
        } else {
            "session_token"
        };
        let max_age = time::Duration::seconds(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX));
        Self {
            name,
            secure,
            max_age,
        }
    }

    /// The name of the session's cookie.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Signs the browser in.
    pub fn set(&self, cookies: &Cookies, token: &SessionToken) {
        cookies.add(self.cookie(self.name, token.expose().to_owned(), true, self.max_age));
        cookies.add(self.cookie(SIGNED_IN_COOKIE, "1".to_owned(), false, self.max_age));
    }

    /// Signs the browser out.
    pub fn clear(&self, cookies: &Cookies) {
        // Written by hand: `Cookies::remove` leaves out what the browser did not send.
        cookies.add(self.cookie(self.name, String::new(), true, time::Duration::ZERO));
        cookies.add(self.cookie(SIGNED_IN_COOKIE, String::new(), false, time::Duration::ZERO));
    }

    /// Signs the browser out after a reply that says that its session is over ([`SessionEnded`]).
    pub fn clear_when_ended(&self, cookies: &Cookies, reply: &Response) {
        if reply.extensions().get::<SessionEnded>().is_some() {
            self.clear(cookies);
        }
    }

    /// The browser's token, if it sent exactly one that can be one.
    pub fn get(&self, cookies: &Cookies) -> Option<SessionToken> {
        cookies.only(self.name, |value| SessionToken::new(value.to_owned()))
    }

    fn cookie(
        &self,
        name: &'static str,
        value: String,
        http_only: bool,
        max_age: time::Duration,
    ) -> Cookie<'static> {
        Cookie::build((name, value))
            .http_only(http_only)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .path("/")
            .max_age(max_age)
            .build()
    }
}

impl FromRequestParts<AppState> for SessionToken {
    type Rejection = Error;

    /// The caller's session.
    ///
    /// # Errors
    /// 401 `missing_session_token` without a cookie.
    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Error> {
        let Ok(cookies) = Cookies::from_request_parts(parts, app).await;
        app.session_cookie.get(&cookies).ok_or_else(Error::signed_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_binds_the_cookie_to_the_host() {
        let cookie = SessionCookie::new(&Url::parse("https://a.example").unwrap(), Duration::from_mins(1));
        let cookie = cookie
            .cookie(cookie.name, "x".to_owned(), true, cookie.max_age)
            .to_string();

        assert_eq!(
            cookie,
            "__Host-session_token=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
    }

    #[test]
    fn what_could_break_the_cookie_header_is_no_token() {
        assert!(SessionToken::new("eyJ.a-b_c==".to_owned()).is_some());
        for text in ["", "a;b", "a b", "a\nb", "a,b", "ä", "\"a\""] {
            assert!(SessionToken::new(text.to_owned()).is_none(), "{text:?}");
        }
        assert!(SessionToken::new("x".repeat(4001)).is_none());
    }
}
