//! `POST auth/resend?email=`: mails the verification link again.

use axum::extract::{RawQuery, State};
use axum::routing::post;
use axum::{Json as Reply, Router};
use shared::Email;

use super::audit::Event;
use super::errors::{self, Result};
use super::known_device::DeviceToken;
use super::mail_requests::MailRequest;
use super::sign_up_tokens::SignUpTokens;
use super::store::outbox::Kind;
use super::store::{sign_ups, users};
use super::visitor::Visitor;
use super::{Embedded, mail_requests};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/resend", post(resend))
}

/// Mails the link of a sign-up again: of the caller's own, if it sends along that sign-up's token, else
/// of the newest. Answers the same for every address.
async fn resend(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    made: SignUpTokens,
    RawQuery(query): RawQuery,
) -> Result<Reply<()>> {
    let email = mail_requests::address(&embedded, "verify-email", query.as_deref(), &visitor, &device)?;
    if embedded.settings.compat_errors {
        tell(&embedded, &email).await?;
    }
    let sign_up = made.sign_up_of(&embedded, email.as_str()).await?;
    let request = MailRequest {
        kind: Kind::VerifyEmail,
        email: email.as_str(),
        user_id: None,
        sign_up_id: sign_up.as_ref().map(|sign_up| sign_up.id.as_str()),
    };
    mail_requests::add_alone(&embedded, &visitor, Event::VerificationAsked, request).await?;
    Ok(Reply(()))
}

/// Altogic's telling answers.
async fn tell(embedded: &Embedded, email: &Email) -> Result<()> {
    let mut db = embedded.store.read().await?;
    let user = users::by_email(&mut *db, email.as_str()).await?;
    let waits = sign_ups::latest_of(&mut *db, email.as_str()).await?.is_some();
    match user {
        None if !waits => Err(errors::invalid_credentials()),
        Some(user) if user.email_verified => Err(errors::email_already_verified()),
        _ if !embedded.settings.confirm_email => Err(errors::email_verification_disabled()),
        _ => Ok(()),
    }
}
