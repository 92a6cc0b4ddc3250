//! The key from which the secrets of mail links are derived. It lies beside the database, not in
//! it: whoever reads the database alone, a copy or a dump, cannot open a link that waits in the
//! outbox.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{ids, private_files};
use crate::signing_key::SigningKey;

/// 256 random bits, made at the first start, kept in `DATA_DIR/link.key`.
pub(crate) struct LinkKey([u8; 32]);

impl LinkKey {
    /// Reads the key of `data_dir`, or makes it.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        if let Some(key) = Self::read(data_dir)? {
            return Ok(key);
        }
        let (key, path) = (Self(ids::random()), path(data_dir));
        key.write(&path)
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(key)
    }

    /// Reads the key of `data_dir`, if there is one.
    pub(crate) fn read(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(data_dir);
        match fs::read(&path) {
            Ok(bytes) => {
                let key = bytes.try_into().ok();
                ensure!(key.is_some(), "{} is not a key of 32 bytes", path.display());
                Ok(key.map(Self))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// The key from which everything else that this server signs is derived.
    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::new(self.0).derive("signing")
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        // Renamed into place, so that a start that is cut off leaves no half key.
        let unfinished = path.with_extension("key.new");
        let mut file = private_files::options()
            .create(true)
            .truncate(true)
            .open(&unfinished)?;
        file.write_all(&self.0)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }

    /// Another key, for one purpose, that says nothing about this one.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length makes a key");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The secret of the link with this seed: 256 bits, URL-safe, the same at each call.
    ///
    /// A nested keyed SHA-256 over a key and seeds of fixed length, so that no digest says
    /// anything about another.
    pub(crate) fn token(&self, seed: &str) -> String {
        let inner = Sha256::new()
            .chain_update(self.0)
            .chain_update([0])
            .chain_update(seed)
            .finalize();
        let outer = Sha256::new()
            .chain_update(self.0)
            .chain_update([1])
            .chain_update(inner)
            .finalize();
        URL_SAFE_NO_PAD.encode(outer)
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("link.key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_token_per_key() {
        let (one, other) = (LinkKey(ids::random()), LinkKey(ids::random()));

        assert_eq!(one.token("a").len(), ids::TOKEN_LENGTH);
        assert_eq!(one.token("a"), one.token("a"));
        assert_ne!(one.token("a"), one.token("b"));
        assert_ne!(one.token("a"), other.token("a"));
    }

    #[test]
    fn the_key_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();

        let token = LinkKey::open(folder.path()).unwrap().token("a");

        assert_eq!(LinkKey::open(folder.path()).unwrap().token("a"), token);
    }
}
