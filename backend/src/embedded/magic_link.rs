//! `POST auth/send-magic?email=`: mails a link that signs in without a password.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json as Reply, Router};

use super::errors::{self, Result};
use super::extract::email_of;
use super::store::outbox::Kind;
use super::store::users;
use super::{Embedded, mail};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/send-magic", post(send_magic))
}

async fn send_magic(State(embedded): State<Embedded>, RawQuery(query): RawQuery) -> Result<Reply<()>> {
    send(&embedded, query.as_deref(), Kind::MagicLink).await
}

/// Mails a link that opens an account to its owner; answers the same for every address.
///
/// An address that waits for verification gets none: the account may have been made by somebody
/// else, whose password would stay. Its owner signs up, which takes the account over.
pub(crate) async fn send(embedded: &Embedded, query: Option<&str>, kind: Kind) -> Result<Reply<()>> {
    let email = email_of(query)?;
    let user = users::by_email(&mut *embedded.store.read().await?, email.as_str()).await?;
    let settings = &embedded.settings;
    if settings.compat_errors {
        match &user {
            None => return Err(errors::invalid_credentials()),
            Some(_) if !settings.confirm_email => return Err(errors::email_verification_disabled()),
            Some(user) if !user.email_verified => return Err(errors::email_not_verified()),
            Some(_) => {}
        }
    }
    let due = user.filter(|user| user.email_verified || !settings.confirm_email);
    mail::send_link_if_due(embedded, kind, due).await?;
    Ok(Reply(()))
}
