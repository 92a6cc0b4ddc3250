//! [`DeviceCookie`]: remembers, for a year, which accounts this browser signed in to, so that the tries
//! of strangers are never counted against it (SECURITY-BAR T-33). It signs nobody in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::Email;
use tower_cookies::{
    Cookie,
    cookie::{SameSite, time},
};
use url::Url;

use crate::{
    cookies::Cookies,
    embedded::{DEVICE_ID_BYTES, DeviceKey},
    signing_key::{SigningKey, TAG_BYTES},
};

const MAX_AGE: time::Duration = time::Duration::days(365);
/// How many accounts are remembered; the one that was used longest ago is forgotten first.
const MAX_ACCOUNTS: usize = 8;

type Tag = [u8; TAG_BYTES];

/// Name, flags and key of the device cookie.
#[derive(Clone, Debug)]
pub struct DeviceCookie {
    name: &'static str,
    secure: bool,
    /// For the cookie as a whole.
    key: SigningKey,
    /// For each account in it.
    accounts: DeviceKey,
}

/// A browser with a cookie of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    id: [u8; DEVICE_ID_BYTES],
    /// One for each account, the one that was used last in front.
    tags: Vec<Tag>,
}

impl Device {
    /// Names the device, and nothing else.
    pub fn id(&self) -> [u8; DEVICE_ID_BYTES] {
        self.id
    }
}

impl DeviceCookie {
    /// On https the cookie is `Secure` and bound to the host by its `__Host-` prefix.
    pub fn new(public_url: &Url, key: &SigningKey) -> Self {
        let secure = public_url.scheme() == "https";
        Self {
            name: if secure { "__Host-device" } else { "device" },
            secure,
            key: key.derive("device cookie"),
            accounts: DeviceKey::new(key),
        }
    }

    /// The device, if its cookie is one of ours.
    pub fn get(&self, cookies: &Cookies) -> Option<Device> {
        cookies.only(self.name, |value| self.opened(value))
    }

    fn opened(&self, value: &str) -> Option<Device> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (id, rest) = bytes.split_first_chunk::<DEVICE_ID_BYTES>()?;
        let (tag, tags) = rest.split_at_checked(TAG_BYTES)?;
        let (tags, []) = tags.as_chunks::<TAG_BYTES>() else {
            return None;
        };
        self.key
            .verifies(&[id, tags.as_flattened()], tag)
            .then(|| Device {
                id: *id,
                tags: tags.to_vec(),
            })
    }

    /// What proves to the embedded server that this browser signed in to the account of an address.
    pub fn token(&self, cookies: &Cookies, email: &Email) -> Option<String> {
        let device = self.get(cookies)?;
        let own = self.accounts.tag(&device.id, email);
        let known = device
            .tags
            .iter()
            .any(|tag| self.accounts.verifies(&device.id, email, tag));
        known.then(|| DeviceKey::token(&device.id, &own))
    }

    /// This browser signed in to the account of an address.
    pub fn remember(&self, cookies: &Cookies, email: &str) {
        let Ok(email) = Email::try_from(email.to_owned()) else {
            return;
        };
        let device = self.get(cookies).unwrap_or_else(|| {
            let mut id = [0; DEVICE_ID_BYTES];
            getrandom::fill(&mut id).expect("the system has random bytes");
            Device { id, tags: Vec::new() }
        });
        let own = self.accounts.tag(&device.id, &email);
        let others = device.tags.into_iter().filter(|tag| *tag != own);
        let tags: Vec<Tag> = std::iter::once(own).chain(others).take(MAX_ACCOUNTS).collect();
        let tags = tags.as_flattened();
        let tag = self.key.tag(&[&device.id, tags]);
        let value = URL_SAFE_NO_PAD.encode([device.id.as_slice(), &tag, tags].concat());
        let cookie = Cookie::build((self.name, value))
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .path("/")
            .max_age(MAX_AGE)
            .build();
        cookies.add(cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(key: &SigningKey) -> DeviceCookie {
        DeviceCookie::new(&Url::parse("https://a.example").unwrap(), key)
    }

    fn email(text: &str) -> Email {
        Email::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_device_is_known_to_the_accounts_it_signed_in_to_and_to_no_other() {
        let cookie = cookie(&SigningKey::random());
        let mut cookies = Cookies::default();

        cookie.remember(&cookies, "ada@x.io");
        cookies = cookies.sent_back();
        let id = cookie.get(&cookies).unwrap().id();
        cookie.remember(&cookies, "grace@x.io");
        cookies = cookies.sent_back();

        assert_eq!(cookie.get(&cookies).unwrap().id(), id);
        assert!(cookie.token(&cookies, &email("ada@x.io")).is_some());
        assert!(cookie.token(&cookies, &email("grace@x.io")).is_some());
        assert!(cookie.token(&cookies, &email("eve@x.io")).is_none());
    }

    #[test]
    fn a_cookie_of_another_key_and_a_changed_one_are_none() {
        let (ours, theirs) = (cookie(&SigningKey::random()), cookie(&SigningKey::random()));
        let cookies = Cookies::default();
        theirs.remember(&cookies, "ada@x.io");
        let cookies = cookies.sent_back();

        assert!(theirs.get(&cookies).is_some() && ours.get(&cookies).is_none());
        let value = cookies.values(ours.name).next().unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
        for index in 0..bytes.len() {
            bytes[index] ^= 1;
            assert!(
                theirs.opened(&URL_SAFE_NO_PAD.encode(&bytes)).is_none(),
                "{index}"
            );
            bytes[index] ^= 1;
        }
        assert!(theirs.opened(&URL_SAFE_NO_PAD.encode(&bytes)).is_some());
    }

    #[test]
    fn the_cookie_stays_small() {
        let cookie = cookie(&SigningKey::random());
        let mut cookies = Cookies::default();

        for n in 0..50 {
            cookie.remember(&cookies, &format!("ada{n}@x.io"));
            cookies = cookies.sent_back();
        }

        assert_eq!(cookie.get(&cookies).unwrap().tags.len(), MAX_ACCOUNTS);
        assert!(cookie.token(&cookies, &email("ada49@x.io")).is_some());
        assert!(cookie.token(&cookies, &email("ada0@x.io")).is_none());
    }
}
