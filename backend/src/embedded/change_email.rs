//! `POST auth/change-email` asks for another address; the mailed link's page and its button move
//! the account. `GET` and `DELETE auth/change-email`, which are ours, show and end what waits.

use anyhow::Context;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::Email;
use url::Url;

use super::audit::Event;
use super::change_password::check_password;
use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::known_device::DeviceToken;
use super::mail_requests::{self, MailRequest};
use super::password::Check;
use super::store::access_tokens::{self, Purpose};
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::store::{Write, sign_ups};
use super::visitor::Visitor;
use super::{Embedded, ids, mail, wire};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/change-email", post(ask).get(waiting).delete(cancel))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default, rename = "currentPassword")]
    current_password: Value,
    #[serde(default, rename = "newEmail")]
    new_email: Value,
}

/// Mails the new address, and tells the present one. Where addresses are not verified the account
/// moves at once. Gives the user as they are now.
///
/// An address that has an account is answered as a free one, and its owner told.
async fn ask(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    device: DeviceToken,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let user = caller.user.clone();
    let mut fields = Fields::default();
    let password = fields.password("currentPassword", &body.current_password);
    let new_email = fields.email("newEmail", &body.new_email);
    if new_email
        .as_ref()
        .is_some_and(|email| email.as_str() == user.email)
    {
        fields.refuse("newEmail", "This is your address already.");
    }
    fields.finish()?;
    let (Some(password), Some(new_email)) = (password, new_email) else {
        return Err(errors::invalid_credentials());
    };
    let settings = &embedded.settings;
    if settings.compat_errors && is_taken(&embedded, &new_email).await? {
        return Err(errors::email_not_unique());
    }
    check_password(
        &embedded,
        &caller,
        Event::EmailChangeAsked,
        password.expose().to_owned(),
    )
    .await?;
    let known = device.of(&embedded, &new_email);
    embedded
        .limits
        .count_mail("change-email", &new_email, &visitor, known.as_ref())?;

    let now = settings.clock.now_ms();
    let asked = Event::EmailChangeAsked.of(&caller.user.id).on(&caller.session.id);
    let mut tx = embedded.store.begin().await?;
    embedded.audit.record(&mut tx, &visitor, asked).await?;
    let user = if settings.confirm_email {
        mail_both(&embedded, &mut tx, &user, &new_email, now).await?;
        user
    } else {
        if users::by_email(&mut *tx, new_email.as_str()).await?.is_some() {
            return Err(errors::email_not_unique());
        }
        let changed = Event::EmailChanged.of(&caller.user.id).on(&caller.session.id);
        embedded.audit.record(&mut tx, &visitor, changed).await?;
        move_account(&embedded, &mut tx, user, new_email.as_str(), false, now).await?
    };
    tx.commit().await?;
    embedded.mail_requested.notify_one();
    embedded.mail_queued.notify_one();
    Ok(Reply(wire::user(&user)))
}

async fn is_taken(embedded: &Embedded, email: &Email) -> Result<bool> {
    Ok(
        users::by_email(&mut *embedded.store.read().await?, email.as_str())
            .await?
            .is_some(),
    )
}

/// Has the new address mailed, whether it is taken or not, and tells the present one.
async fn mail_both(
    embedded: &Embedded,
    tx: &mut Write,
    user: &UserRow,
    new_email: &Email,
    now: i64,
) -> Result<()> {
    mail_requests::await_change(tx, &user.id, new_email.as_str(), now).await?;
    let request = MailRequest {
        kind: Kind::ChangeEmail,
        email: new_email.as_str(),
        user_id: Some(&user.id),
        sign_up_id: None,
    };
    mail_requests::add(tx, request, now).await?;
    mail::queue_own(embedded, tx, Kind::EmailChangeAsked, user, now).await
}

/// Links to the former address die with it; its owner is told.
async fn move_account(
    embedded: &Embedded,
    tx: &mut Write,
    mut user: UserRow,
    new_email: &str,
    verified: bool,
    now: i64,
) -> Result<UserRow> {
    users::set_email(&mut **tx, &user.id, new_email, verified).await?;
    access_tokens::delete_of_user(&mut **tx, &user.id).await?;
    mail::queue_own(embedded, tx, Kind::EmailChanged, &user, now).await?;
    new_email.clone_into(&mut user.email);
    user.email_verified = verified;
    Ok(user)
}

/// `{newEmail}` of the change that waits for its link, or `null`.
async fn waiting(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<Value>> {
    let now = embedded.settings.clock.now_ms();
    let email = access_tokens::email_of_user(
        &mut *embedded.store.read().await?,
        &caller.user.id,
        Purpose::ChangeEmail,
        now,
    )
    .await?;
    Ok(Reply(
        email.map_or(Value::Null, |email| json!({ "newEmail": email })),
    ))
}

async fn cancel(State(embedded): State<Embedded>, caller: Caller) -> Result<Reply<()>> {
    let (user, purpose) = (&caller.user.id, Purpose::ChangeEmail);
    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let waits = access_tokens::email_of_user(&mut *tx, user, purpose, now).await?;
    if waits.is_some() {
        let cancelled = Event::EmailChangeCancelled.of(user).on(&caller.session.id);
        embedded.audit.record(&mut tx, &caller.visitor, cancelled).await?;
    }
    access_tokens::delete_of_purpose(&mut *tx, user, purpose).await?;
    tx.commit().await?;
    Ok(Reply(()))
}

/// How a click on the page of a new address ends.
pub(crate) enum Confirmation {
    Moved,
    /// The key is dead, or the address was taken meanwhile.
    Dead,
    /// The account's password is needed, and what was given is not it.
    NeedsPassword,
}

/// Moves the account of a living `change-email` key to its new address.
///
/// Somebody who waits for the link of a sign-up of that address may take this one for it, and would
/// hand the address to another person's account. So while there is such a sign-up, a click is not
/// enough: only the account's owner knows its password.
pub(crate) async fn confirm(
    embedded: &Embedded,
    visitor: &Visitor,
    key: &str,
    password: Option<String>,
) -> Result<Confirmation> {
    let now = embedded.settings.clock.now_ms();
    let token_hash = ids::digest(key);
    let Some((user, email)) = living(embedded, &token_hash, now).await? else {
        return Ok(Confirmation::Dead);
    };
    if is_contested(embedded, &email).await? {
        let attempt = embedded.limits.begin_at_link(&token_hash)?;
        let password = password.unwrap_or_default();
        if embedded
            .passwords
            .check(password, user.password_hash.clone())
            .await?
            == Check::Wrong
        {
            return Ok(Confirmation::NeedsPassword);
        }
        attempt.succeed();
    }

    let mut tx = embedded.store.begin().await?;
    let purposes = [Purpose::ChangeEmail; 2];
    let Some(token) = access_tokens::redeem(&mut *tx, &token_hash, purposes, now).await? else {
        return Ok(Confirmation::Dead);
    };
    if users::by_email(&mut *tx, &token.email).await?.is_some() {
        return Ok(Confirmation::Dead);
    }
    let Some(user) = users::by_id(&mut *tx, &user.id).await? else {
        return Ok(Confirmation::Dead);
    };
    sign_ups::delete_of_email(&mut *tx, &token.email).await?;
    let changed = Event::EmailChanged.of(&user.id);
    embedded.audit.record(&mut tx, visitor, changed).await?;
    move_account(embedded, &mut tx, user, &token.email, true, now).await?;
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(Confirmation::Moved)
}

/// Whose account a living key moves, and where to.
async fn living(embedded: &Embedded, token_hash: &str, now: i64) -> Result<Option<(UserRow, String)>> {
    let mut db = embedded.store.read().await?;
    let token = access_tokens::by_hash(&mut *db, token_hash, now).await?;
    let Some(token) = token.filter(|token| token.purpose == Purpose::ChangeEmail) else {
        return Ok(None);
    };
    let user = users::by_id(&mut *db, &token.user_id.unwrap_or_default()).await?;
    Ok(user.map(|user| (user, token.email)))
}

/// Whether a sign-up of this address waits for its link.
async fn is_contested(embedded: &Embedded, email: &str) -> Result<bool> {
    let now = embedded.settings.clock.now_ms();
    Ok(sign_ups::is_waiting(&mut *embedded.store.read().await?, email, now).await?)
}

#[derive(Template)]
#[template(path = "change_email/page.html")]
struct Page<'a> {
    account: &'a str,
    email: &'a str,
    key: &'a str,
    needs_password: bool,
    password_is_wrong: bool,
}

/// The page behind a mailed link, with the one button that moves the account; `None` for a dead key.
pub(crate) async fn page(
    embedded: &Embedded,
    key: &str,
    password_is_wrong: bool,
) -> Result<Option<Response>> {
    let now = embedded.settings.clock.now_ms();
    let Some((user, email)) = living(embedded, &ids::digest(key), now).await? else {
        return Ok(None);
    };
    let page = Page {
        account: &hint(&user.email),
        email: &email,
        key,
        needs_password: is_contested(embedded, &email).await?,
        password_is_wrong,
    };
    let html = page.render().context("rendering the page of a new address")?;
    // Browsers hold the redirect after the button against form-action too.
    let csp = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self' {}; frame-ancestors 'none'",
        source(&embedded.settings.redirect_url)
    );
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_SECURITY_POLICY, csp),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    let status = if password_is_wrong {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    Ok(Some((status, headers, Html(html)).into_response()))
}

/// An address of which its owner recognizes enough, and a stranger learns little: `a…@x.io`.
fn hint(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    format!("{}…@{domain}", local.chars().next().unwrap_or('…'))
}

/// A URL's origin as a source of a content security policy; a scheme without origins stands for
/// itself.
fn source(url: &Url) -> String {
    let origin = url.origin();
    if origin.is_tuple() {
        origin.ascii_serialization()
    } else {
        format!("{}:", url.scheme())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_keeps_the_first_letter_and_the_domain() {
        assert_eq!(hint("ada@x.io"), "a…@x.io");
    }

    #[test]
    fn the_redirects_source_is_its_origin_or_its_scheme() {
        assert_eq!(
            source(&Url::parse("https://app.example:8443/a?b").unwrap()),
            "https://app.example:8443"
        );
        assert_eq!(source(&Url::parse("altogic://app/done").unwrap()), "altogic:");
    }
}
