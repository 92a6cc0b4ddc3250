//! Mails that are asked for with an address: the request is written down and answered at once, and
//! what is due is found out a moment later. So neither an answer nor its time, nor the load that a
//! request leaves behind, depends on whether the address has an account (SECURITY-BAR T-28, T-29).

use std::time::Duration;

use shared::Email;

use super::audit::Event;
use super::clock::as_ms;
use super::errors::Result;
use super::extract::email_of;
use super::known_device::DeviceToken;
use super::mail::{self, Recipient};
use super::store::Write;
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::store::mail_requests::{self, MailRequestRow};
use super::store::outbox::Kind;
use super::store::sign_ups::{self, SignUpRow};
use super::store::users::{self, UserRow};
use super::visitor::Visitor;
use super::{Embedded, ids};

/// How many requests are settled in one transaction.
const AT_ONCE: i64 = 50;
/// How long requests are collected before they are settled: at least this, and up to as much more by
/// chance.
const COLLECT_MS: u8 = 60;
/// A request that is older is settled as if it came now.
const LATE: Duration = Duration::from_secs(2);
/// How long is waited after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// What is asked for.
pub(crate) struct MailRequest<'a> {
    pub(crate) kind: Kind,
    pub(crate) email: &'a str,
    /// Of a change of address: whose.
    pub(crate) user_id: Option<&'a str>,
    /// Of a verification: which sign-up; `None` is the newest.
    pub(crate) sign_up_id: Option<&'a str>,
}

/// The address in a call's query, after a mail of this kind to it was counted.
///
/// # Errors
/// 400 `validation_error` for what is no address, 429 `rate_limit_exceeded`.
pub(crate) fn address(
    embedded: &Embedded,
    kind: &'static str,
    query: Option<&str>,
    visitor: &Visitor,
    device: &DeviceToken,
) -> Result<Email> {
    let email = email_of(query)?;
    let known = device.of(embedded, &email);
    embedded
        .limits
        .count_mail(kind, &email, visitor, known.as_ref())?;
    Ok(email)
}

/// Writes a request down.
pub(crate) async fn add(tx: &mut Write, request: MailRequest<'_>, now: i64) -> sqlx::Result<()> {
    let row = MailRequestRow {
        id: ids::new_id(),
        kind: request.kind,
        email: request.email.to_owned(),
        user_id: request.user_id.map(str::to_owned),
        sign_up_id: request.sign_up_id.map(str::to_owned),
        created_at: now,
    };
    mail_requests::insert(&mut **tx, &row).await
}

/// Writes a request down as all that a call changes, and records that it was `asked`.
pub(crate) async fn add_alone(
    embedded: &Embedded,
    visitor: &Visitor,
    asked: Event,
    request: MailRequest<'_>,
) -> Result<()> {
    let mut tx = embedded.store.begin().await?;
    // Under its digest, whether the address has an account or not: that is looked up later.
    let asked = asked.of_address(None, request.email);
    add(&mut tx, request, embedded.settings.clock.now_ms()).await?;
    embedded.audit.record(&mut tx, visitor, asked).await?;
    tx.commit().await?;
    embedded.mail_requested.notify_one();
    Ok(())
}

/// Works until the server stops.
pub(crate) async fn run(embedded: Embedded) {
    loop {
        let pause = match settle_all(&embedded).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(error = %error.log_text(), "mail requests could not be settled");
                Some(PAUSE)
            }
        };
        tokio::select! {
            () = embedded.stopping.cancelled() => return,
            () = embedded.mail_requested.notified(), if pause.is_none() => {}
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
        let [chance] = ids::random::<1>();
        let collect = u64::from(COLLECT_MS) + u64::from(chance % COLLECT_MS);
        tokio::select! {
            () = embedded.stopping.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(collect)) => {}
        }
    }
}

/// Settles what was asked for: queues the mails that are due.
pub(crate) async fn settle_all(embedded: &Embedded) -> Result<()> {
    loop {
        let next = mail_requests::oldest(&mut *embedded.store.read().await?, 1).await?;
        if next.is_empty() {
            return Ok(());
        }
        let now = embedded.settings.clock.now_ms();
        let mut tx = embedded.store.begin().await?;
        for request in mail_requests::oldest(&mut *tx, AT_ONCE).await? {
            // The moment it was asked for, so that mails keep their order; but a link lives from when it
            // can be sent, also when the server was away in between.
            let at = request.created_at.max(now - as_ms(LATE));
            settle(embedded, &mut tx, &request, at).await?;
            mail_requests::delete(&mut *tx, &request.id).await?;
        }
        tx.commit().await?;
        embedded.mail_queued.notify_one();
    }
}

async fn settle(embedded: &Embedded, tx: &mut Write, request: &MailRequestRow, now: i64) -> Result<()> {
    let owner = users::by_email(&mut **tx, &request.email).await?;
    match request.kind {
        Kind::VerifyEmail => verify_email(embedded, tx, request, owner, now).await,
        Kind::MagicLink | Kind::ResetPassword => {
            let confirm_email = embedded.settings.confirm_email;
            match owner.filter(|user| user.email_verified || !confirm_email) {
                Some(user) => mail::queue_own(embedded, tx, request.kind, &user, now).await,
                None => Ok(()),
            }
        }
        Kind::ChangeEmail => change_email(embedded, tx, request, owner, now).await,
        Kind::AccountExists | Kind::EmailChangeAsked | Kind::EmailChanged | Kind::PasswordChanged => Ok(()),
    }
}

/// Mails the link of a sign-up. If the address has an account by now, its owner is told.
async fn verify_email(
    embedded: &Embedded,
    tx: &mut Write,
    request: &MailRequestRow,
    owner: Option<UserRow>,
    now: i64,
) -> Result<()> {
    if let Some(owner) = owner {
        let kind = match (&request.sign_up_id, owner.email_verified) {
            (Some(_), _) => Kind::AccountExists,
            (None, false) if embedded.settings.confirm_email => Kind::VerifyEmail,
            (None, _) => return Ok(()),
        };
        return mail::queue_own(embedded, tx, kind, &owner, now).await;
    }
    let sign_up = match &request.sign_up_id {
        Some(id) => sign_ups::by_id(&mut **tx, id).await?,
        None => sign_ups::latest_of(&mut **tx, &request.email).await?,
    };
    let Some(sign_up) = sign_up else { return Ok(()) };
    let expires_at = now + as_ms(Purpose::VerifyEmail.lifetime());
    sign_ups::set_expires_at(&mut **tx, &sign_up.id, expires_at).await?;
    let SignUpRow { id, email, name, .. } = &sign_up;
    let to = Recipient::sign_up(id, email, name.as_deref());
    mail::queue(embedded, tx, Kind::VerifyEmail, &to, now).await
}

/// Mails the link of a change of address, unless it was cancelled or replaced. If the address has an
/// account, its owner is told, and the change waits for a link that does not exist.
async fn change_email(
    embedded: &Embedded,
    tx: &mut Write,
    request: &MailRequestRow,
    owner: Option<UserRow>,
    now: i64,
) -> Result<()> {
    let Some(user_id) = &request.user_id else {
        return Ok(());
    };
    if let Some(owner) = owner {
        return mail::queue_own(embedded, tx, Kind::AccountExists, &owner, now).await;
    }
    let waiting = access_tokens::email_of_user(&mut **tx, user_id, Purpose::ChangeEmail, now).await?;
    if waiting.as_ref() != Some(&request.email) {
        return Ok(());
    }
    let Some(user) = users::by_id(&mut **tx, user_id).await? else {
        return Ok(());
    };
    access_tokens::delete_of_purpose(&mut **tx, user_id, Purpose::ChangeEmail).await?;
    let to = Recipient::user(&user, &request.email);
    mail::queue(embedded, tx, Kind::ChangeEmail, &to, now).await
}

/// A change that waits, and can be cancelled, before its mail is written: nobody has its secret.
pub(crate) async fn await_change(tx: &mut Write, user_id: &str, email: &str, now: i64) -> sqlx::Result<()> {
    access_tokens::delete_of_purpose(&mut **tx, user_id, Purpose::ChangeEmail).await?;
    let token = AccessTokenRow {
        purpose: Purpose::ChangeEmail,
        user_id: Some(user_id.to_owned()),
        sign_up_id: None,
        email: email.to_owned(),
    };
    let expires_at = now + as_ms(token.purpose.lifetime());
    access_tokens::insert(&mut **tx, &token, &ids::digest(&ids::new_token()), expires_at).await
}
