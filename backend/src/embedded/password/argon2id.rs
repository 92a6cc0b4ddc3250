//! Argon2id with our parameters, in memory that is used again.

use anyhow::{Context, anyhow};
use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::super::ids;

/// The OWASP password storage cheat sheet's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = if CHEAP { 8 } else { 19 * 1024 };
const PASSES: u32 = if CHEAP { 1 } else { 2 };
/// Only in the build that measures everything but the hash.
const CHEAP: bool = cfg!(feature = "bench");
const LANES: u32 = 1;
const HASH_BYTES: usize = Params::DEFAULT_OUTPUT_LEN;

/// What the password of nobody is checked against, so that an unknown address takes as long. It is
/// nobody's hash; that it is public does not matter, because the outcome is not asked.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM";

/// The blocks that a hash fills: 19 MiB with our parameters, from the first hash on.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, params: &Params) -> &mut [Block] {
        let count = params.block_count();
        if self.0.len() < count {
            // Not `resize`, which would copy what no hash reads.
            self.0 = Vec::new();
            self.0 = vec![Block::default(); count];
        }
        &mut self.0[..count]
    }
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Another password, or nobody's.
    Wrong,
    /// The right one.
    Right,
    /// The right one, hashed with older parameters; here is a hash to replace it.
    RightAndRehashed(String),
}

/// The PHC string of a new password.
pub(super) fn hash(password: &str, memory: &mut Memory) -> anyhow::Result<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(refused)?;
    let salt = ids::random::<16>();
    let output = run(
        Algorithm::Argon2id,
        Version::V0x13,
        &params,
        password,
        &salt,
        memory,
    )?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(refused)?,
        salt: Some(Salt::new(&salt).map_err(refused)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Checks a password against a stored PHC string; `None` costs as much and is always wrong.
pub(super) fn check(password: &str, stored: Option<&str>, memory: &mut Memory) -> anyhow::Result<Check> {
    let known = stored.is_some();
    let stored = PasswordHash::new(stored.unwrap_or(NOBODY)).map_err(refused)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(anyhow!("the stored password hash is not whole"));
    };
    let algorithm = algorithm(stored.algorithm)?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from);
    let params = Params::try_from(&stored).map_err(refused)?;

    let output = run(
        algorithm,
        version.map_err(refused)?,
        &params,
        password,
        salt,
        memory,
    )?;
    // `Output` compares in constant time.
    if output != *expected || !known {
        return Ok(Check::Wrong);
    }
    let current =
        algorithm == Algorithm::Argon2id && params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES;
    if current {
        Ok(Check::Right)
    } else {
        hash(password, memory).map(Check::RightAndRehashed)
    }
}

fn run(
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    password: &str,
    salt: &[u8],
    memory: &mut Memory,
) -> anyhow::Result<Output> {
    let mut output = [0; Output::MAX_LENGTH];
    let output = output
        .get_mut(..params.output_len().unwrap_or(HASH_BYTES))
        .context("the hash is too long")?;
    Argon2::new(algorithm, version, params.clone())
        .hash_password_into_with_memory(
            normalised(password).as_bytes(),
            salt,
            output,
            memory.blocks(params),
        )
        .map_err(refused)?;
    Output::new(output).map_err(refused)
}

/// The same characters typed on another keyboard may arrive as other code points
/// (NIST SP 800-63B-4, 3.1.1.2).
fn normalised(password: &str) -> String {
    password.nfc().collect()
}

fn algorithm(ident: Ident) -> anyhow::Result<Algorithm> {
    Algorithm::try_from(ident.as_str()).map_err(refused)
}

/// The crate's errors name no secret.
fn refused(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("password hash: {error}")
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    fn hashed(password: &str) -> String {
        hash(password, &mut Memory::default()).unwrap()
    }

    fn checked(password: &str, stored: &str) -> Check {
        check(password, Some(stored), &mut Memory::default()).unwrap()
    }

    fn weaker(password: &str) -> String {
        let params = Params::new(8 * 1024, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(password.as_bytes(), &[7; 16])
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_hash_is_a_phc_string_with_our_parameters() {
        let stored = hashed("correct horse");

        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(checked("correct horse", &stored), Check::Right);
        assert_eq!(checked("Correct horse", &stored), Check::Wrong);
    }

    #[test]
    fn what_an_earlier_hash_left_in_memory_changes_nothing() {
        let mut memory = Memory::default();
        let (older, first) = (weaker("first horse"), hashed("first horse"));

        for _ in 0..2 {
            let right = check("first horse", Some(&first), &mut memory).unwrap();
            let older = check("first horse", Some(&older), &mut memory).unwrap();
            let second = hash("second horse", &mut memory).unwrap();

            assert_eq!(right, Check::Right);
            assert!(matches!(older, Check::RightAndRehashed(_)), "{older:?}");
            assert_eq!(checked("second horse", &second), Check::Right);
        }
    }

    #[test]
    fn two_spellings_of_one_character_are_one_password() {
        let stored = hashed("caf\u{e9} au lait");

        assert_eq!(checked("cafe\u{301} au lait", &stored), Check::Right);
    }

    #[test]
    fn nothing_is_cut_off() {
        let stored = hashed(&format!("{}1", "x".repeat(72)));

        assert_eq!(checked(&format!("{}2", "x".repeat(72)), &stored), Check::Wrong);
    }

    #[test]
    fn an_older_hash_is_replaced_after_a_right_password() {
        let stored = weaker("correct horse");

        let Check::RightAndRehashed(renewed) = checked("correct horse", &stored) else {
            panic!("the hash is kept");
        };

        assert_eq!(checked("correct horse", &renewed), Check::Right);
        assert_eq!(checked("wrong horse", &stored), Check::Wrong);
    }

    #[test]
    fn nobody_has_a_password() {
        let parameters = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        assert!(NOBODY.starts_with(&parameters), "the work must be the same");

        let checked = check("anything", None, &mut Memory::default()).unwrap();

        assert_eq!(checked, Check::Wrong);
    }
}
