//! [`Turns`]: one change at a time for each user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Map, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// So many users may be remembered before it is looked for those whose changes are over.
const MANY: usize = 1024;

type ByUser = HashMap<String, Arc<Mutex<()>>>;

/// Who has a change under way; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Map<ByUser>>);

/// A user's turn, until it is dropped.
pub(super) struct Turn {
    turns: Turns,
    user_id: String,
    /// Taken when it ends.
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the user's turn, in the order of asking.
    pub(super) async fn take(&self, user_id: &str) -> Turn {
        let turn = {
            let mut by_user = self.by_user();
            if by_user.len() >= MANY {
                by_user.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(by_user.entry(user_id.to_owned()).or_default())
        };
        Turn {
            turns: self.clone(),
            user_id: user_id.to_owned(),
            guard: Some(turn.lock_owned().await),
        }
    }

    fn by_user(&self) -> MutexGuard<'_, ByUser> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut by_user = self.turns.by_user();
        if by_user
            .get(&self.user_id)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            by_user.remove(&self.user_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_user_has_one_turn_at_a_time_and_others_theirs() {
        let turns = Turns::default();
        let under_way = AtomicUsize::new(0);
        let change = async || {
            let _turn = turns.take("ada").await;
            assert_eq!(under_way.fetch_add(1, Ordering::Relaxed), 0);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Ordering::Relaxed);
        };

        tokio::join!(change(), change(), change());
        let ada = turns.take("ada").await;
        let grace = turns.take("grace").await;

        drop((ada, grace));
        assert!(turns.by_user().is_empty());
    }
}
