//! [`FlowCookie`]: remembers, for an hour, which address this browser asked a mail for.
//!
//! A mail link opened in that browser signs in by itself; anywhere else the page asks for a
//! click, so that nobody is signed in to an account by a link that somebody else sent
//! (SECURITY-BAR T-41, T-45).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use shared::Email;
use subtle::ConstantTimeEq;
use tower_cookies::{
    Cookie,
    cookie::{SameSite, time},
};
use url::Url;

use crate::cookies::Cookies;

const MAX_AGE: time::Duration = time::Duration::hours(1);
const SALT_BYTES: usize = 16;

/// Name and flags of the flow cookie.
#[derive(Clone, Debug)]
pub struct FlowCookie {
    name: &'static str,
    secure: bool,
}

impl FlowCookie {
    /// On https the cookie is `Secure` and bound to the host by its `__Host-` prefix.
    pub fn new(public_url: &Url) -> Self {
        let secure = public_url.scheme() == "https";
        Self {
            name: if secure { "__Host-flow" } else { "flow" },
            secure,
        }
    }

    /// This browser asked for a mail to `email`; only a salted digest of it is kept.
    pub fn set(&self, cookies: &Cookies, email: &Email) {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).expect("the system has random bytes");
        let value = URL_SAFE_NO_PAD.encode([&salt[..], &digest(&salt, email.as_str())].concat());
        cookies.add(self.cookie(value, MAX_AGE));
    }

    /// Whether this browser asked for a mail to `email`.
    pub fn matches(&self, cookies: &Cookies, email: &str) -> bool {
        let value = cookies.only(self.name, |value| {
            let value = URL_SAFE_NO_PAD.decode(value).ok()?;
            (value.len() > SALT_BYTES).then_some(value)
        });
        value.is_some_and(|value| {
            let (salt, kept) = value.split_at(SALT_BYTES);
            digest(salt, email).as_slice().ct_eq(kept).into()
        })
    }

    /// The mail has done its work.
    pub fn clear(&self, cookies: &Cookies) {
        cookies.add(self.cookie(String::new(), time::Duration::ZERO));
    }

    fn cookie(&self, value: String, max_age: time::Duration) -> Cookie<'static> {
        Cookie::build((self.name, value))
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .path("/")
            .max_age(max_age)
            .build()
    }
}

fn digest(salt: &[u8], email: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(salt)
        .chain_update(email)
        .finalize()
        .into()
}
