//! [`KnownDevice`]: a browser that signed in to an account before.
//!
//! The application keeps a token for it in a cookie and sends it along in the header `Device`. Only
//! this server can make one, so a stranger's wrong passwords and mail requests never use up the
//! counters of the owner's own browser ("Slow Down Online Guessing Attacks with Device Cookies",
//! OWASP). A token names the address and opens nothing.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::Email;

use super::Embedded;
use crate::signing_key::{SigningKey, TAG_BYTES};

/// The header that carries a device's token.
pub const HEADER: &str = "device";
/// How long a device's random id is, in bytes.
pub const ID_BYTES: usize = 16;

/// A device whose token holds for the account that a call names.
#[derive(Debug)]
pub(crate) struct KnownDevice(String);

impl KnownDevice {
    /// The device's random id.
    pub(crate) fn id(&self) -> &str {
        &self.0
    }
}

/// Makes and checks the tokens of devices.
#[derive(Clone, Debug)]
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Derived from the server's key.
    pub fn new(key: &SigningKey) -> Self {
        Self(key.derive("device"))
    }

    /// What proves that a device signed in to the account of an address.
    pub fn tag(&self, id: &[u8; ID_BYTES], email: &Email) -> [u8; TAG_BYTES] {
        self.0.tag(&[id, email.as_str().as_bytes()])
    }

    /// Whether a device signed in to the account of an address.
    pub fn verifies(&self, id: &[u8], email: &Email, tag: &[u8]) -> bool {
        self.0.verifies(&[id, email.as_str().as_bytes()], tag)
    }

    /// The value of the header for a device and its tag.
    pub fn token(id: &[u8; ID_BYTES], tag: &[u8; TAG_BYTES]) -> String {
        URL_SAFE_NO_PAD.encode([id.as_slice(), tag].concat())
    }
}

/// The header `Device` of a call, not checked yet.
pub(crate) struct DeviceToken(Option<Vec<u8>>);

impl DeviceToken {
    /// The device, if it signed in to the account of this address before.
    pub(crate) fn of(&self, embedded: &Embedded, email: &Email) -> Option<KnownDevice> {
        let (id, tag) = self.0.as_ref()?.split_at_checked(ID_BYTES)?;
        embedded
            .device_key
            .verifies(id, email, tag)
            .then(|| KnownDevice(URL_SAFE_NO_PAD.encode(id)))
    }
}

impl FromRequestParts<Embedded> for DeviceToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Embedded) -> Result<Self, Infallible> {
        let bytes = parts
            .headers
            .get(HEADER)
            .and_then(|value| URL_SAFE_NO_PAD.decode(value.as_bytes()).ok());
        Ok(Self(bytes))
    }
}
