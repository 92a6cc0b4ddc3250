//! [`FlowCookie`]: remembers, for an hour, for which addresses this browser asked a mail, and which
//! sign-ups it made.
//!
//! A link that this browser asked for signs in by itself; anywhere else the page asks first, so that
//! a link that somebody else sent signs nobody in (SECURITY-BAR T-41, T-45). The cookie is signed
//! with a key of the server, and the link of a sign-up works by itself only with the secret of that
//! very sign-up.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::Email;
use tower_cookies::{
    Cookie,
    cookie::{SameSite, time},
};
use url::Url;

use crate::{
    cookies::Cookies,
    signing_key::{SigningKey, TAG_BYTES},
};

const MAX_AGE: time::Duration = time::Duration::hours(1);
/// How many requests are remembered; the oldest is forgotten first.
const MAX_ENTRIES: usize = 5;

/// Name, flags and key of the flow cookie.
#[derive(Clone, Debug)]
pub struct FlowCookie {
    name: &'static str,
    secure: bool,
    key: SigningKey,
}

/// One request: the tag of its address, and of a sign-up the secret that Altogic gave for it.
#[derive(PartialEq, Eq)]
struct Entry {
    address: [u8; TAG_BYTES],
    sign_up_token: String,
}

/// What an Altogic may give as the secret of a sign-up, in bytes.
const MAX_TOKEN: usize = 100;

impl FlowCookie {
    /// On https the cookie is `Secure` and bound to the host by its `__Host-` prefix.
    pub fn new(public_url: &Url, key: &SigningKey) -> Self {
        let secure = public_url.scheme() == "https";
        Self {
            name: if secure { "__Host-flow" } else { "flow" },
            secure,
            key: key.derive("flow cookie"),
        }
    }

    /// This browser asked for a mail to `email`.
    pub fn note_mail(&self, cookies: &Cookies, email: &Email) {
        self.note(cookies, email, String::new());
    }

    /// This browser made a sign-up of `email`; `token` is its secret, where Altogic gives one.
    pub fn note_sign_up(&self, cookies: &Cookies, email: &Email, token: Option<&str>) {
        let sound = |token: &&str| (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(is_plain);
        self.note(cookies, email, token.filter(sound).unwrap_or_default().to_owned());
    }

    /// Whether this browser asked for a mail to `email`.
    pub fn asked_for(&self, cookies: &Cookies, email: &str) -> bool {
        let address = self.address(email);
        self.entries(cookies).iter().any(|entry| entry.address == address)
    }

    /// The secrets of the sign-ups of `email` that this browser made, the newest in front, with commas
    /// between them; `None` without any.
    pub fn sign_up_tokens(&self, cookies: &Cookies, email: &str) -> Option<String> {
        let address = self.address(email);
        let tokens: Vec<String> = self
            .entries(cookies)
            .into_iter()
            .filter(|entry| entry.address == address && !entry.sign_up_token.is_empty())
            .map(|entry| entry.sign_up_token)
            .collect();
        (!tokens.is_empty()).then(|| tokens.join(","))
    }

    /// The secrets of all sign-ups that this browser made; see [`Self::sign_up_tokens`].
    pub fn all_sign_up_tokens(&self, cookies: &Cookies) -> Option<String> {
        let entries = self.entries(cookies).into_iter().map(|entry| entry.sign_up_token);
        let tokens: Vec<String> = entries.filter(|token| !token.is_empty()).collect();
        (!tokens.is_empty()).then(|| tokens.join(","))
    }

    /// The mails have done their work.
    pub fn clear(&self, cookies: &Cookies) {
        cookies.add(self.cookie(String::new(), time::Duration::ZERO));
    }

    fn note(&self, cookies: &Cookies, email: &Email, sign_up_token: String) {
        let new = Entry {
            address: self.address(email.as_str()),
            sign_up_token,
        };
        let mut entries = self.entries(cookies);
        entries.retain(|entry| entry.address != new.address || entry.sign_up_token != new.sign_up_token);
        entries.insert(0, new);
        entries.truncate(MAX_ENTRIES);
        cookies.add(self.cookie(self.sealed(&entries), MAX_AGE));
    }

    /// The tag that stands for an address.
    fn address(&self, email: &str) -> [u8; TAG_BYTES] {
        self.key.tag(&[b"address", email.as_bytes()])
    }

    /// `tag.address:token.address:token…`, all in base64url and plain letters.
    fn sealed(&self, entries: &[Entry]) -> String {
        let entries: Vec<String> = entries
            .iter()
            .map(|entry| {
                let address = URL_SAFE_NO_PAD.encode(entry.address);
                format!("{address}:{}", entry.sign_up_token)
            })
            .collect();
        let entries = entries.join(".");
        let tag = URL_SAFE_NO_PAD.encode(self.key.tag(&[b"entries", entries.as_bytes()]));
        format!("{tag}.{entries}")
    }

    fn entries(&self, cookies: &Cookies) -> Vec<Entry> {
        let entries = cookies.only(self.name, |value| self.opened(value));
        entries.unwrap_or_default()
    }

    fn opened(&self, value: &str) -> Option<Vec<Entry>> {
        let (tag, entries) = value.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        if !self.key.verifies(&[b"entries", entries.as_bytes()], &tag) {
            return None;
        }
        let entry = |text: &str| {
            let (address, token) = text.split_once(':')?;
            Some(Entry {
                address: URL_SAFE_NO_PAD.decode(address).ok()?.try_into().ok()?,
                sign_up_token: token.to_owned(),
            })
        };
        entries.split('.').map(entry).collect()
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

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(key: &SigningKey) -> FlowCookie {
        FlowCookie::new(&Url::parse("https://a.example").unwrap(), key)
    }

    fn email(text: &str) -> Email {
        Email::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_sign_up_is_remembered_with_its_secret_and_a_mail_without() {
        let flow = flow(&SigningKey::random());
        let mut cookies = Cookies::default();

        for token in ["first", "second"] {
            flow.note_sign_up(&cookies, &email("ada@x.io"), Some(token));
            cookies = cookies.sent_back();
        }
        flow.note_mail(&cookies, &email("grace@x.io"));
        cookies = cookies.sent_back();

        assert_eq!(
            flow.sign_up_tokens(&cookies, "ada@x.io").as_deref(),
            Some("second,first")
        );
        assert!(flow.asked_for(&cookies, "ada@x.io") && flow.asked_for(&cookies, "grace@x.io"));
        assert!(flow.sign_up_tokens(&cookies, "grace@x.io").is_none());
        assert!(!flow.asked_for(&cookies, "eve@x.io"));
    }

    /// T-45: nobody but the server can make one.
    #[test]
    fn a_cookie_of_another_key_is_none() {
        let (ours, theirs) = (flow(&SigningKey::random()), flow(&SigningKey::random()));
        let cookies = Cookies::default();

        theirs.note_mail(&cookies, &email("ada@x.io"));
        let cookies = cookies.sent_back();

        assert!(theirs.asked_for(&cookies, "ada@x.io"));
        assert!(!ours.asked_for(&cookies, "ada@x.io"));
        for value in ["", ".", "a.b", "AAAA.AAAA:", "é"] {
            assert!(ours.opened(value).is_none(), "{value}");
        }
    }

    #[test]
    fn a_secret_that_could_break_the_cookie_is_left_out() {
        let flow = flow(&SigningKey::random());
        let cookies = Cookies::default();

        flow.note_sign_up(&cookies, &email("ada@x.io"), Some("a:b.c"));
        let cookies = cookies.sent_back();

        assert!(flow.asked_for(&cookies, "ada@x.io"));
        assert!(flow.sign_up_tokens(&cookies, "ada@x.io").is_none());
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let flow = flow(&SigningKey::random());
        let mut cookies = Cookies::default();

        for n in 0..6 {
            flow.note_mail(&cookies, &email(&format!("ada{n}@x.io")));
            cookies = cookies.sent_back();
        }

        assert!(!flow.asked_for(&cookies, "ada0@x.io"));
        assert!(flow.asked_for(&cookies, "ada1@x.io"));
    }
}
