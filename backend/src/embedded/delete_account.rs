//! `POST db/object/delete`: the user's own record, and with it the account.

use axum::extract::State;
use axum::routing::post;
use axum::{Json as Reply, Router};

use super::audit::Event;
use super::errors::Result;
use super::extract::{Caller, Json};
use super::profile::Record;
use super::store::{erasing, files, outbox, sign_ups, users};
use super::{Embedded, mail_requests};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/db/object/delete", post(object_delete))
}

async fn object_delete(
    State(embedded): State<Embedded>,
    caller: Caller,
    Json(record): Json<Record>,
) -> Result<Reply<()>> {
    record.require_own(&caller)?;
    delete_account(&embedded, &caller).await?;
    Ok(Reply(()))
}

/// Removes the account with its sessions, links, files and mails; the address is free again. What
/// was deleted is unreadable in the database's files half an hour later ([`erasing`]).
pub(crate) async fn delete_account(embedded: &Embedded, caller: &Caller) -> Result<()> {
    // Else a mail that was just asked for would be written after the others are gone.
    mail_requests::settle_all(embedded).await?;
    let mut tx = embedded.store.begin().await?;
    let objects = files::object_names_of_user(&mut *tx, &caller.user.id).await?;
    outbox::delete_to(&mut *tx, &caller.user.email).await?;
    outbox::delete_of_user(&mut *tx, &caller.user.id).await?;
    sign_ups::delete_of_email(&mut *tx, &caller.user.email).await?;
    users::delete(&mut *tx, &caller.user.id).await?;
    erasing::note(&mut *tx).await?;
    let deleted = Event::AccountDeleted.of(&caller.user.id).on(&caller.session.id);
    embedded.audit.record(&mut tx, &caller.visitor, deleted).await?;
    tx.commit().await?;
    for object in objects {
        // The rows are gone, so a refused deletion would be wrong; the next cleaning sweeps.
        if let Err(error) = embedded.objects.delete(&object).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "a deleted user's file stays until the next cleaning"
            );
        }
    }
    Ok(())
}
