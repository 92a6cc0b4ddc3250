//! How many bytes of files a user may have, also while several uploads are under way.
//!
//! The rows decide, in the transaction that writes the next one. What is still arriving is counted
//! in memory, so that many uploads at once do not fill the disk before they are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Embedded;
use super::super::errors::{self, Result};
use super::super::store::Write;
use super::super::store::files::{self, MIN_CHARGE};

/// The uploads under way, by user.
#[derive(Clone, Default)]
pub(crate) struct Arriving(Arc<Mutex<HashMap<String, u64>>>);

impl Arriving {
    fn by_user(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One upload's share; dropped, it counts no longer.
pub(super) struct Share {
    /// `None`: a file of an application, which has no quota.
    counted: Option<Counted>,
}

struct Counted {
    arriving: Arriving,
    user_id: String,
    /// The user's bytes in rows when the upload began, without what it replaces.
    stored: u64,
    limit: u64,
    /// Of this upload.
    bytes: u64,
}

impl Share {
    /// Begins an upload that will be `owner`'s, in the place of a file of `former` bytes.
    ///
    /// # Errors
    /// `quota_exceeded` when there is no room for anything.
    pub(super) async fn begin(embedded: &Embedded, owner: Option<&str>, former: Option<i64>) -> Result<Self> {
        let Some(user_id) = owner else {
            return Ok(Self { counted: None });
        };
        let stored = files::bytes_of_user(&mut *embedded.store.read().await?, user_id).await?;
        let bytes = |count: i64| u64::try_from(count).unwrap_or_default();
        let limit = embedded.settings.bytes_per_user;
        let mut share = Counted {
            arriving: embedded.arriving.clone(),
            user_id: user_id.to_owned(),
            stored: bytes(stored - former.map_or(0, |size| size.max(MIN_CHARGE))),
            // A user with more than that, after the setting was lowered, may still make a file smaller.
            limit: former.map_or(limit, |_| limit.max(bytes(stored))),
            bytes: 0,
        };
        share.add(bytes(MIN_CHARGE))?;
        Ok(Self { counted: Some(share) })
    }

    /// Counts the upload's bytes so far.
    ///
    /// # Errors
    /// `quota_exceeded` when the user has no room for them.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<()> {
        match &mut self.counted {
            Some(share) => share.add(bytes.saturating_sub(share.bytes)),
            None => Ok(()),
        }
    }
}

impl Counted {
    fn add(&mut self, bytes: u64) -> Result<()> {
        let mut arriving = self.arriving.by_user();
        let all = arriving.entry(self.user_id.clone()).or_default();
        // Counted even when refused: this value takes it away again.
        *all += bytes;
        self.bytes += bytes;
        if self.stored.saturating_add(*all) > self.limit {
            return Err(errors::quota_exceeded(self.limit));
        }
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut arriving = self.arriving.by_user();
        if let Some(all) = arriving.get_mut(&self.user_id) {
            *all = all.saturating_sub(self.bytes);
            if *all == 0 {
                arriving.remove(&self.user_id);
            }
        }
    }
}

/// How many bytes the files of a user count for; an application has no quota.
pub(super) async fn stored(tx: &mut Write, owner: Option<&str>) -> sqlx::Result<i64> {
    match owner {
        Some(user_id) => files::bytes_of_user(&mut **tx, user_id).await,
        None => Ok(0),
    }
}

/// Checks, in the transaction that wrote a row, that its owner has room for all of their files. Less
/// than `before` is always allowed: the setting may have been lowered.
///
/// # Errors
/// `quota_exceeded`.
pub(super) async fn check(
    embedded: &Embedded,
    tx: &mut Write,
    owner: Option<&str>,
    before: i64,
) -> Result<()> {
    let limit = embedded.settings.bytes_per_user;
    let stored = stored(tx, owner).await?;
    if stored > before && u64::try_from(stored).unwrap_or_default() > limit {
        return Err(errors::quota_exceeded(limit));
    }
    Ok(())
}
