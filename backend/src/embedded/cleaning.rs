//! Removes what has expired: at the start, then once an hour.

use std::time::Duration;

use super::clock::as_ms;
use super::store::{access_tokens, outbox, sessions};
use super::{Embedded, storage};

const EVERY: Duration = Duration::from_hours(1);
/// How long a finished mail is kept, for questions about whether it was sent.
const KEEP_MAIL: Duration = Duration::from_hours(7 * 24);

pub(crate) async fn run(embedded: Embedded) {
    storage::sweep_orphans(&embedded).await;
    loop {
        if let Err(error) = clean(&embedded).await {
            tracing::warn!(%error, "expired rows stay until the next cleaning");
        }
        tokio::select! {
            () = embedded.stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn clean(embedded: &Embedded) -> sqlx::Result<()> {
    let now = embedded.settings.clock.now_ms();
    sessions::delete_expired(embedded.store.write(), embedded.alive(now)).await?;
    access_tokens::delete_expired(embedded.store.write(), now).await?;
    outbox::delete_finished(embedded.store.write(), now - as_ms(KEEP_MAIL)).await
}
