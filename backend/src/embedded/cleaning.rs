//! Removes what has expired: at the start, then once an hour. What fails is tried again by the next
//! cleaning, and holds up nothing else.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::clock::as_ms;
use super::store::{access_tokens, outbox, sessions, sign_ups};
use super::{Embedded, ids, storage};

/// The longest time between two cleanings. The pause is up to [`JITTER`] shorter, so that several
/// servers do not all clean at the same time.
const EVERY: Duration = Duration::from_hours(1);
const JITTER: Duration = Duration::from_mins(5);
/// How often what was deleted is made unreadable, …
const ERASE_EVERY: Duration = Duration::from_mins(30);
/// … and how long after a failure that is tried again.
const ERASE_AGAIN: Duration = Duration::from_mins(1);
/// How long a finished mail is kept, for questions about whether it was sent.
const KEEP_MAIL: Duration = Duration::from_hours(7 * 24);
/// How long a sign-up is kept after its last link is dead: another link can be asked for meanwhile.
const KEEP_SIGN_UP: Duration = Duration::from_hours(24);
/// The most rows of a table that are removed in one transaction: others get their turn in between.
const AT_ONCE: i64 = 500;

/// Removes some rows of a table; tells how many.
type Step = for<'a> fn(&'a Embedded, now: i64) -> BoxFuture<'a, sqlx::Result<u64>>;

const STEPS: [(&str, Step); 4] = [
    ("sessions", |embedded, now| Box::pin(sessions(embedded, now))),
    ("sign-ups", |embedded, now| Box::pin(sign_ups(embedded, now))),
    ("links", |embedded, now| Box::pin(links(embedded, now))),
    ("mails", |embedded, now| Box::pin(mails(embedded, now))),
];

/// Works until the server stops.
pub(crate) async fn run(embedded: Embedded) {
    let clock = &embedded.settings.clock;
    loop {
        clean(&embedded).await;
        storage::sweep_orphans(&embedded).await;
        let pause = EVERY.saturating_sub(ids::random_below(JITTER));
        tokio::select! {
            () = embedded.stopping.cancelled() => break,
            () = clock.sleep(pause) => {}
        }
    }
    if let Err(error) = embedded.audit.record_dropped().await {
        tracing::warn!(%error, "how many events were not recorded was not recorded");
    }
}

/// Makes what was deleted unreadable, until the server stops.
pub(crate) async fn erase(embedded: Embedded) {
    loop {
        let pause = match embedded.store.erase_deleted().await {
            Ok(()) => ERASE_EVERY,
            Err(error) => {
                tracing::warn!(%error, "what was deleted is not erased yet");
                ERASE_AGAIN
            }
        };
        tokio::select! {
            () = embedded.stopping.cancelled() => return,
            () = embedded.settings.clock.sleep(pause) => {}
        }
    }
}

async fn clean(embedded: &Embedded) {
    let now = embedded.settings.clock.now_ms();
    for (what, step) in STEPS {
        loop {
            match step(embedded, now).await {
                Ok(0) => break,
                Ok(_) if embedded.stopping.is_cancelled() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(what, %error, "expired rows stay until the next cleaning");
                    break;
                }
            }
        }
    }
    if let Err(error) = embedded.audit.clean(AT_ONCE).await {
        tracing::warn!(%error, "old events stay until the next cleaning");
    }
}

async fn sessions(embedded: &Embedded, now: i64) -> sqlx::Result<u64> {
    let mut tx = embedded.store.begin().await?;
    let removed = sessions::delete_expired(&mut *tx, embedded.alive(now), AT_ONCE).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn sign_ups(embedded: &Embedded, now: i64) -> sqlx::Result<u64> {
    let mut tx = embedded.store.begin().await?;
    let removed = sign_ups::delete_expired(&mut *tx, now - as_ms(KEEP_SIGN_UP), AT_ONCE).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn links(embedded: &Embedded, now: i64) -> sqlx::Result<u64> {
    let mut tx = embedded.store.begin().await?;
    let removed = access_tokens::delete_expired(&mut *tx, now, AT_ONCE).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn mails(embedded: &Embedded, now: i64) -> sqlx::Result<u64> {
    let mut tx = embedded.store.begin().await?;
    let removed = outbox::delete_finished(&mut *tx, now - as_ms(KEEP_MAIL), AT_ONCE).await?;
    tx.commit().await?;
    Ok(removed)
}
