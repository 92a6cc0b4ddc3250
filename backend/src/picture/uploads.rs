//! Who may upload when: so many pictures and bytes at once, in all and of each user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use shared::avatar::MAX_BYTES;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{RETRY, TURN_TIME};
use crate::error::Error;

/// Uploads in flight, of all users; each user has one at a time.
const IN_FLIGHT: usize = 16;
/// Bytes of uploads in memory, in KiB (16 MiB: two of the largest pictures).
const KIBIBYTES: u32 = 16 * 1024;
/// What a form around the picture may weigh, in bytes.
pub(crate) const FORM_BYTES: usize = 64 * 1024;
/// Uploads of one user that may wait for that user's turn.
const WAITING_PER_USER: usize = 16;

/// The places for uploads.
#[derive(Debug)]
pub(crate) struct Uploads {
    in_flight: Arc<Semaphore>,
    kibibytes: Arc<Semaphore>,
    users: Arc<Mutex<HashMap<String, User>>>,
}

#[derive(Debug)]
struct User {
    turn: Arc<Semaphore>,
    uploads: usize,
}

/// A place for an upload, until it is dropped.
#[derive(Debug)]
pub(crate) struct Upload {
    _permits: [OwnedSemaphorePermit; 3],
    _queued: Queued,
}

/// One of a user's uploads.
#[derive(Debug)]
struct Queued {
    users: Arc<Mutex<HashMap<String, User>>>,
    user: String,
    turn: Arc<Semaphore>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            kibibytes: Arc::new(Semaphore::new(KIBIBYTES as usize)),
            users: Arc::default(),
        }
    }
}

impl Uploads {
    /// A place for an upload of this user and so many bytes; waits its turn.
    ///
    /// # Errors
    /// 429 when too many uploads of the user wait already, 503 when the turn does not come.
    pub(crate) async fn begin(&self, user: &str, bytes: Option<u64>) -> Result<Upload, Error> {
        let queued = Queued::new(&self.users, user).ok_or(Error::RateLimited(RETRY))?;
        let most = (MAX_BYTES + FORM_BYTES) as u64;
        let kibibytes = bytes.unwrap_or(most).min(most).div_ceil(1024);
        let kibibytes = u32::try_from(kibibytes).unwrap_or(KIBIBYTES);
        let permits = async {
            // In this order: an upload that waits for its user's turn keeps nothing from others.
            Ok::<_, tokio::sync::AcquireError>([
                Arc::clone(&queued.turn).acquire_owned().await?,
                Arc::clone(&self.in_flight).acquire_owned().await?,
                Arc::clone(&self.kibibytes).acquire_many_owned(kibibytes).await?,
            ])
        };
        let permits = timeout(TURN_TIME, permits).await;
        let permits = permits.map_err(|_| Error::Busy(RETRY))?;
        Ok(Upload {
            _permits: permits.map_err(|error| Error::Internal(error.into()))?,
            _queued: queued,
        })
    }
}

impl Queued {
    fn new(users: &Arc<Mutex<HashMap<String, User>>>, user: &str) -> Option<Self> {
        let mut known = users.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(user.to_owned()).or_insert_with(|| User {
            turn: Arc::new(Semaphore::new(1)),
            uploads: 0,
        });
        if entry.uploads > WAITING_PER_USER {
            return None;
        }
        entry.uploads += 1;
        Some(Self {
            users: Arc::clone(users),
            user: user.to_owned(),
            turn: Arc::clone(&entry.turn),
        })
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        let mut known = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.get_mut(&self.user) {
            entry.uploads -= 1;
            if entry.uploads == 0 {
                known.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_user_has_one_upload_at_a_time_and_others_are_not_kept_waiting() {
        let uploads = Uploads::default();
        let first = uploads.begin("ada", Some(10)).await.unwrap();

        assert!(uploads.begin("ada", Some(10)).now_or_never().is_none());
        assert!(uploads.begin("bob", Some(10)).now_or_never().is_some());

        drop(first);
        assert!(uploads.begin("ada", Some(10)).now_or_never().is_some());
        assert!(uploads.users.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn all_users_share_the_memory() {
        let uploads = Uploads::default();
        let mut held = Vec::new();
        for user in 0..2 {
            let upload = uploads
                .begin(&user.to_string(), Some(8 * 1024 * 1024))
                .now_or_never();
            held.extend(upload.unwrap());
        }

        assert!(uploads.begin("eve", None).now_or_never().is_none());
        assert_eq!(held.len(), 2);
    }

    #[tokio::test]
    async fn too_many_uploads_of_one_user_are_refused() {
        let uploads = Uploads::default();
        let first = uploads.begin("ada", Some(10)).await.unwrap();

        let mut more: Vec<_> = (0..20)
            .map(|_| Box::pin(uploads.begin("ada", Some(10))))
            .collect();
        let refused: Vec<_> = more.iter_mut().filter_map(FutureExt::now_or_never).collect();

        assert_eq!(refused.len(), 20 - WAITING_PER_USER);
        assert!(
            refused
                .iter()
                .all(|upload| matches!(upload, Err(Error::RateLimited(_))))
        );
        drop(first);
    }
}
