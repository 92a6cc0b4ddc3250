//! [`SigningKey`]: tags that only this server can make (HMAC-SHA-256, RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a tag is, in bytes.
pub const TAG_BYTES: usize = 16;

/// 256 secret bits.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// A key of these bytes, which are secret and random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key that ends with the process.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        Self(bytes)
    }

    /// Another key for one purpose; it says nothing about this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        let bytes = self.mac(&[b"derive", purpose.as_bytes()]).finalize().into_bytes();
        Self(bytes.into())
    }

    /// The tag of these parts, in this order.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let whole = self.mac(parts).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&whole[..TAG_BYTES]);
        tag
    }

    /// Whether `tag` is the tag of these parts; takes equally long for every wrong one.
    pub fn verifies(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        tag.len() == TAG_BYTES && self.mac(parts).verify_truncated_left(tag).is_ok()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            // With its length, so that no two lists of parts run into the same bytes.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_holds_for_its_key_and_its_parts_alone() {
        let key = SigningKey::new([7; 32]);
        let tag = key.tag(&[b"ab", b"c"]);

        assert!(key.verifies(&[b"ab", b"c"], &tag));
        for parts in [&[b"a".as_slice(), b"bc"], &[b"abc".as_slice(), b""]] {
            assert!(!key.verifies(parts, &tag));
        }
        assert!(!key.verifies(&[b"ab", b"c"], &tag[..8]));
        assert!(!key.verifies(&[b"ab", b"c"], b""));
        assert!(!key.derive("other").verifies(&[b"ab", b"c"], &tag));
        assert!(!SigningKey::random().verifies(&[b"ab", b"c"], &tag));
    }
}
