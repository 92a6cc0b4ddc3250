//! `POST auth/send-magic?email=`: mails a link that signs in without a password.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json as Reply, Router};
use shared::Email;

use super::audit::Event;
use super::errors::{self, Result};
use super::known_device::DeviceToken;
use super::mail_requests::MailRequest;
use super::store::outbox::Kind;
use super::store::{sign_ups, users};
use super::visitor::Visitor;
use super::{Embedded, mail_requests};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/send-magic", post(send_magic))
}

async fn send_magic(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    RawQuery(query): RawQuery,
) -> Result<Reply<()>> {
    let email = mail_requests::address(&embedded, "magic-link", query.as_deref(), &visitor, &device)?;
    send(&embedded, &visitor, &email, Kind::MagicLink).await
}

/// Has a link that opens an account mailed to its owner; answers the same for every address.
///
/// An address that waits for verification gets none: its sign-up has a link of its own, and a new
/// password can be set there.
pub(crate) async fn send(
    embedded: &Embedded,
    visitor: &Visitor,
    email: &Email,
    kind: Kind,
) -> Result<Reply<()>> {
    if embedded.settings.compat_errors {
        tell(embedded, email).await?;
    }
    let request = MailRequest {
        kind,
        email: email.as_str(),
        user_id: None,
        sign_up_id: None,
    };
    let asked = match kind {
        Kind::ResetPassword => Event::PasswordResetAsked,
        _ => Event::MagicLinkAsked,
    };
    mail_requests::add_alone(embedded, visitor, asked, request).await?;
    Ok(Reply(()))
}

/// Altogic's telling answers.
async fn tell(embedded: &Embedded, email: &Email) -> Result<()> {
    let mut db = embedded.store.read().await?;
    let user = users::by_email(&mut *db, email.as_str()).await?;
    let waits = sign_ups::latest_of(&mut *db, email.as_str()).await?.is_some();
    match user {
        None if !waits => Err(errors::invalid_credentials()),
        _ if !embedded.settings.confirm_email => Err(errors::email_verification_disabled()),
        Some(user) if user.email_verified => Ok(()),
        _ => Err(errors::email_not_verified()),
    }
}
