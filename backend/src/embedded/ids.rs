//! Random values: ids, secrets, and the digests under which secrets are stored.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// How long a token is as text: 256 bits in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;
/// How long a session's handle is as text: 128 bits in base64url.
pub(crate) const HANDLE_LENGTH: usize = 22;

/// A new id: 24 lower-case hex digits, all of them random.
///
/// Altogic's are Mongo object ids, which tell when and where they were made.
pub(crate) fn new_id() -> String {
    hex(&random::<12>())
}

/// A new client key: 32 lower-case hex digits, the form that Altogic's have.
pub(crate) fn new_client_key() -> String {
    hex(&random::<16>())
}

/// A new secret: 256 random bits, URL-safe.
pub(crate) fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// A new public handle, URL-safe: `now`, in unix milliseconds, as 48 bits, then 80 random bits.
///
/// Those made one after the other stand side by side in the index, where wholly random ones each
/// touch a page of their own once there are many.
pub(crate) fn new_handle(now: i64) -> String {
    let mut bytes: [u8; 16] = random();
    bytes[..6].copy_from_slice(&now.to_be_bytes()[2..]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a secret: its SHA-256 as 64 lower-case hex digits.
///
/// Secrets here have 256 random bits, so neither salt nor a slow hash adds anything.
pub(crate) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// `N` bytes of the system's random source.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a source of random bytes");
    bytes
}

/// A random duration below `limit`.
pub(crate) fn random_below(limit: Duration) -> Duration {
    let share = u32::from_be_bytes(random());
    limit.mul_f64(f64::from(share) / (f64::from(u32::MAX) + 1.0))
}

/// Bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_length_and_alphabet() {
        assert_eq!(new_id().len(), 24);
        assert_eq!(new_client_key().len(), 32);
        assert_eq!(new_token().len(), TOKEN_LENGTH);
        assert_eq!(new_handle(1).len(), HANDLE_LENGTH);
        assert_ne!(new_token(), new_token());
    }

    #[test]
    fn handles_of_one_moment_begin_alike_and_end_at_random() {
        let now = 1_700_000_000_000;
        let (one, other, later) = (new_handle(now), new_handle(now), new_handle(now + 1));

        assert_eq!(one[..8], other[..8]);
        assert_ne!(one[8..], other[8..]);
        assert_ne!(one[..8], later[..8]);
    }

    #[test]
    fn a_digest_is_sha_256() {
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
