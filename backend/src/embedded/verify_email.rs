//! `POST auth/resend?email=`: mails the verification link again.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json as Reply, Router};

use super::errors::{self, Result};
use super::extract::email_of;
use super::store::outbox::Kind;
use super::store::users;
use super::{Embedded, mail};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/resend", post(resend))
}

/// Mails an account that waits for verification; answers the same for every address.
async fn resend(State(embedded): State<Embedded>, RawQuery(query): RawQuery) -> Result<Reply<()>> {
    let email = email_of(query.as_deref())?;
    let user = users::by_email(&mut *embedded.store.read().await?, email.as_str()).await?;
    let settings = &embedded.settings;
    if settings.compat_errors {
        match &user {
            None => return Err(errors::invalid_credentials()),
            Some(user) if user.email_verified => return Err(errors::email_already_verified()),
            Some(_) if !settings.confirm_email => return Err(errors::email_verification_disabled()),
            Some(_) => {}
        }
    }
    let due = user.filter(|user| settings.confirm_email && !user.email_verified);
    mail::send_link_if_due(&embedded, Kind::VerifyEmail, due).await?;
    Ok(Reply(()))
}
