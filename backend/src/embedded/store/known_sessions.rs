//! [`KnownSessions`]: the sessions that are in use, in memory.
//!
//! A page asks for several things at once, and each of its requests says who asks. What was read of
//! a session and its user is given again for a moment, unless one of the two rows was written in the
//! meantime: a session that was ended is unknown in the very next request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::changes::{Changes, Seen};
use super::sessions::{Alive, SessionAndUser};

/// What another program writes into the database is seen after this time.
const MAX_AGE: Duration = Duration::from_secs(1);
/// At most so many sessions are kept …
const MAX_SESSIONS: usize = 4096;
/// … of users whose own fields are no larger than this, in bytes of JSON: some 4 MiB in all.
const MAX_CUSTOM_BYTES: usize = 512;

/// Sessions by the hash of their token.
pub(super) struct KnownSessions {
    changes: Arc<Changes>,
    by_token_hash: Mutex<HashMap<String, Known>>,
}

struct Known {
    found: Arc<SessionAndUser>,
    session: Seen,
    user: Seen,
    read_at: Instant,
}

/// The state of the database before a session is read.
pub(super) struct BeforeRead {
    commits: u64,
    at: Instant,
}

impl KnownSessions {
    pub(super) fn new(changes: Arc<Changes>) -> Self {
        Self {
            changes,
            by_token_hash: Mutex::default(),
        }
    }

    /// A living session that was read a moment ago and is still what it was.
    pub(super) fn get(&self, token_hash: &str, alive: Alive) -> Option<Arc<SessionAndUser>> {
        let known = self.known();
        let known = known.get(token_hash)?;
        let stands = known.read_at.elapsed() < MAX_AGE
            && self.changes.stands(known.session)
            && self.changes.stands(known.user);
        let found = &known.found;
        (stands && alive.includes(&found.session)).then(|| Arc::clone(found))
    }

    /// To be called before a session is read that is then kept.
    pub(super) fn before_read(&self) -> BeforeRead {
        BeforeRead {
            commits: self.changes.commits(),
            at: Instant::now(),
        }
    }

    /// Keeps what was read, unless something was committed meanwhile.
    pub(super) fn keep(&self, token_hash: &str, found: &Arc<SessionAndUser>, before: &BeforeRead) {
        let known = Known {
            found: Arc::clone(found),
            session: self.changes.see("sessions", found.session_row),
            user: self.changes.see("users", found.user_row),
            read_at: before.at,
        };
        if self.changes.commits() != before.commits || found.user.custom_bytes() > MAX_CUSTOM_BYTES {
            return;
        }
        let mut all = self.known();
        if all.len() >= MAX_SESSIONS {
            all.retain(|_, known| known.read_at.elapsed() < MAX_AGE);
        }
        if all.len() < MAX_SESSIONS {
            all.insert(token_hash.to_owned(), known);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.by_token_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use sqlx::types::Json;
    use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
    use tempfile::TempDir;

    use super::super::sessions::{self, SessionRow};
    use super::super::users::{self, UserRow};
    use super::super::{Store, Write};
    use super::*;

    const ALIVE: Alive = Alive {
        created_after: 0,
        seen_after: 0,
    };

    /// Ada, signed in with the token whose hash is `hash`.
    struct Ada {
        store: Store,
        folder: TempDir,
    }

    impl Ada {
        async fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let store = Store::open(&folder.path().join("ada.db")).await.unwrap();
            let ada = Self { store, folder };
            let user = UserRow {
                id: "ada".to_owned(),
                email: "ada@example.com".to_owned(),
                password_hash: None,
                unproved_password_hash: None,
                name: Some("Ada".to_owned()),
                profile_picture: None,
                custom_fields: Json(Map::new()),
                email_verified: true,
                sign_up_at: 1,
                last_login_at: None,
            };
            let session = SessionRow {
                id: "handle".to_owned(),
                user_id: user.id.clone(),
                user_agent: None,
                ip: None,
                created_at: 1,
                last_seen_at: 1,
            };
            let mut tx = ada.store.begin().await.unwrap();
            users::insert(&mut *tx, &user).await.unwrap();
            sessions::insert(&mut *tx, &session, "hash").await.unwrap();
            tx.commit().await.unwrap();
            ada
        }

        async fn name(&self, alive: Alive) -> Option<String> {
            let found = self.store.session("hash", alive).await.unwrap();
            found.and_then(|found| found.user.name.clone())
        }

        async fn rename(&self, name: &str) -> Write {
            let mut tx = self.store.begin().await.unwrap();
            let mut user = users::by_id(&mut *tx, "ada").await.unwrap().unwrap();
            user.name = Some(name.to_owned());
            users::set_profile(&mut *tx, &user).await.unwrap();
            tx
        }

        /// Another program's connection, whose writes the store does not hear of.
        async fn another_program(&self) -> SqliteConnection {
            let database = SqliteConnectOptions::new().filename(self.folder.path().join("ada.db"));
            database.connect().await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_session_in_use_is_not_read_again() {
        let ada = Ada::new().await;
        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada");
        let mut other = ada.another_program().await;
        sqlx::query("UPDATE users SET name = 'King'")
            .execute(&mut other)
            .await
            .unwrap();

        let before = ada.store.known_sessions.before_read();
        let name = ada.name(ALIVE).await.unwrap();

        // Who is slow reads it again.
        assert!(name == "Ada" || before.at.elapsed() >= MAX_AGE, "{name}");
    }

    #[tokio::test]
    async fn what_is_written_is_seen_at_once() {
        let ada = Ada::new().await;
        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada");

        ada.rename("Ada King").await.commit().await.unwrap();

        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada King");
    }

    #[tokio::test]
    async fn a_session_that_ended_is_unknown_at_once() {
        let ada = Ada::new().await;
        assert!(ada.name(ALIVE).await.is_some());

        let mut tx = ada.store.begin().await.unwrap();
        sessions::delete_of_user(&mut *tx, "ada", None).await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(ada.name(ALIVE).await, None);
    }

    #[tokio::test]
    async fn a_deleted_users_session_is_unknown_at_once() {
        let ada = Ada::new().await;
        assert!(ada.name(ALIVE).await.is_some());

        let mut tx = ada.store.begin().await.unwrap();
        users::delete(&mut *tx, "ada").await.unwrap();
        tx.commit().await.unwrap();

        assert_eq!(ada.name(ALIVE).await, None);
    }

    #[tokio::test]
    async fn a_known_session_expires_like_any_other() {
        let ada = Ada::new().await;
        assert!(ada.name(ALIVE).await.is_some());

        let later = Alive {
            seen_after: 1,
            ..ALIVE
        };

        assert_eq!(ada.name(later).await, None);
    }

    #[tokio::test]
    async fn what_was_read_before_a_commit_is_not_kept_after_it() {
        let ada = Ada::new().await;
        let known = &ada.store.known_sessions;
        let before = known.before_read();
        let found = sessions::by_token_hash(&mut *ada.store.read().await.unwrap(), "hash", ALIVE).await;
        let found = Arc::new(found.unwrap().unwrap());

        ada.rename("Ada King").await.commit().await.unwrap();
        known.keep("hash", &found, &before);

        assert!(known.get("hash", ALIVE).is_none());
    }

    #[tokio::test]
    async fn what_is_taken_back_does_no_harm() {
        let ada = Ada::new().await;
        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada");

        let tx = ada.rename("Ada King").await;
        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada", "it is not committed");
        drop(tx);

        // Behind the transaction that is taken back.
        ada.store.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(ada.name(ALIVE).await.unwrap(), "Ada");
    }
}
