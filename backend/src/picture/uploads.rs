//! Bounds the uploads in flight and the memory that they take, in all and per user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{RETRY, TURN_TIME};
use crate::error::Error;

/// Uploads in flight, of all users; each user has one at a time.
const IN_FLIGHT: usize = 32;
/// Bytes of uploads in memory, of all users, in KiB (64 MiB: eight of the largest pictures).
const KIBIBYTES: usize = 64 * 1024;
/// So much of it is taken at a time, in KiB, as the bytes arrive.
const STEP: u32 = 256;
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
    _permits: [OwnedSemaphorePermit; 2],
    kibibytes: Arc<Semaphore>,
    memory: Vec<OwnedSemaphorePermit>,
    _queued: Queued,
}

impl Upload {
    /// Sets memory aside for so many bytes in all.
    ///
    /// # Errors
    /// 503 when there is none for too long.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        while self.memory.len() * STEP as usize * 1024 < bytes {
            let more = Arc::clone(&self.kibibytes).acquire_many_owned(STEP);
            let more = timeout(TURN_TIME, more).await.map_err(|_| Error::Busy(RETRY))?;
            self.memory
                .push(more.map_err(|error| Error::Internal(error.into()))?);
        }
        Ok(())
    }
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
            kibibytes: Arc::new(Semaphore::new(KIBIBYTES)),
            users: Arc::default(),
        }
    }
}

impl Uploads {
    /// A place for an upload of this user; waits its turn.
    ///
    /// # Errors
    /// 429 when too many uploads of the user wait already, 503 when the turn does not come.
    pub(crate) async fn begin(&self, user: &str) -> Result<Upload, Error> {
        let queued = Queued::new(&self.users, user).ok_or_else(|| Error::rate_limited(RETRY))?;
        let permits = async {
            // In this order: an upload that waits for its user's turn keeps nothing from others.
            Ok::<_, tokio::sync::AcquireError>([
                Arc::clone(&queued.turn).acquire_owned().await?,
                Arc::clone(&self.in_flight).acquire_owned().await?,
            ])
        };
        let permits = timeout(TURN_TIME, permits).await;
        let permits = permits.map_err(|_| Error::Busy(RETRY))?;
        Ok(Upload {
            _permits: permits.map_err(|error| Error::Internal(error.into()))?,
            kibibytes: Arc::clone(&self.kibibytes),
            memory: Vec::new(),
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
    use shared::avatar::MAX_BYTES;

    use super::*;

    #[tokio::test]
    async fn a_user_has_one_upload_at_a_time_and_others_are_not_kept_waiting() {
        let uploads = Uploads::default();
        let first = uploads.begin("ada").await.unwrap();

        assert!(uploads.begin("ada").now_or_never().is_none());
        assert!(uploads.begin("bob").now_or_never().is_some());

        drop(first);
        assert!(uploads.begin("ada").now_or_never().is_some());
        assert!(uploads.users.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn all_users_share_the_memory() {
        let uploads = Uploads::default();
        let mut held = Vec::new();
        for user in 0..KIBIBYTES * 1024 / MAX_BYTES {
            let mut upload = uploads.begin(&user.to_string()).await.unwrap();
            upload.grow(MAX_BYTES).await.unwrap();
            held.push(upload);
        }

        let mut next = uploads.begin("eve").await.unwrap();
        assert!(next.grow(1).now_or_never().is_none());

        held.pop();
        assert!(next.grow(1).now_or_never().is_some());
    }

    #[tokio::test]
    async fn too_many_uploads_of_one_user_are_refused() {
        let uploads = Uploads::default();
        let first = uploads.begin("ada").await.unwrap();

        let mut more: Vec<_> = (0..20).map(|_| Box::pin(uploads.begin("ada"))).collect();
        let refused: Vec<_> = more.iter_mut().filter_map(FutureExt::now_or_never).collect();

        assert_eq!(refused.len(), 20 - WAITING_PER_USER);
        assert!(
            refused
                .iter()
                .all(|upload| matches!(upload, Err(Error::RateLimited(..))))
        );
        drop(first);
    }
}
