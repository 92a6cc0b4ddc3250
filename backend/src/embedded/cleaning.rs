//! Removes what has expired: at the start, then once an hour.

use std::time::Duration;

use super::clock::as_ms;
use super::store::{access_tokens, outbox, sessions, sign_ups};
use super::{Embedded, storage};

const EVERY: Duration = Duration::from_hours(1);
/// How long a finished mail is kept, for questions about whether it was sent.
const KEEP_MAIL: Duration = Duration::from_hours(7 * 24);
/// How long a sign-up is kept after its last link is dead: another link can be asked for meanwhile.
const KEEP_SIGN_UP: Duration = Duration::from_hours(24);
/// The most rows of a table that are removed in one transaction: others get their turn in between.
const AT_ONCE: i64 = 500;

pub(crate) async fn run(embedded: Embedded) {
    storage::sweep_orphans(&embedded).await;
    loop {
        if let Err(error) = clean(&embedded).await {
            tracing::warn!(%error, "expired rows stay until the next cleaning");
        }
        tokio::select! {
            () = embedded.stopping.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    if let Err(error) = embedded.audit.record_dropped().await {
        tracing::warn!(%error, "how many events were not recorded was not recorded");
    }
}

async fn clean(embedded: &Embedded) -> sqlx::Result<()> {
    let now = embedded.settings.clock.now_ms();
    loop {
        let mut tx = embedded.store.begin().await?;
        let removed = sessions::delete_expired(&mut *tx, embedded.alive(now), AT_ONCE).await?
            + sign_ups::delete_expired(&mut *tx, now - as_ms(KEEP_SIGN_UP), AT_ONCE).await?
            + access_tokens::delete_expired(&mut *tx, now, AT_ONCE).await?
            + outbox::delete_finished(&mut *tx, now - as_ms(KEEP_MAIL), AT_ONCE).await?;
        tx.commit().await?;
        if removed == 0 {
            break;
        }
    }
    embedded.audit.clean(AT_ONCE).await
}
