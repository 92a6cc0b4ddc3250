//! `POST auth/change-email` asks for another address; the mailed link's page and its button move
//! the account. `GET` and `DELETE auth/change-email`, which are ours, show and end what waits.

use anyhow::Context;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use axum::{Json as Reply, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::Email;
use url::Url;

use super::change_password::check_password;
use super::clock::as_ms;
use super::errors::{self, Result};
use super::extract::{Caller, Json};
use super::fields::Fields;
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::store::outbox::Kind;
use super::store::users::{self, UserRow};
use super::store::{Write, environment};
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
    check_password(&embedded, &user, password.expose().to_owned()).await?;

    let now = settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let user = if settings.confirm_email {
        mail_both(&embedded, &mut tx, &user, &new_email, now).await?;
        user
    } else {
        if users::by_email(&mut *tx, new_email.as_str()).await?.is_some() {
            return Err(errors::email_not_unique());
        }
        move_account(&embedded, &mut tx, user, new_email.as_str(), false, now).await?
    };
    tx.commit().await?;
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

async fn mail_both(
    embedded: &Embedded,
    tx: &mut Write,
    user: &UserRow,
    new_email: &Email,
    now: i64,
) -> Result<()> {
    let queued = match users::by_email(&mut **tx, new_email.as_str()).await? {
        // An abandoned sign-up owns nothing; it makes room when the link is confirmed.
        Some(owner) if owner.email_verified || owner.last_login_at.is_some() => {
            // Waits like a real one, but nobody ever gets its secret: what waits must not tell
            // whether the address is taken.
            let token = AccessTokenRow {
                purpose: Purpose::ChangeEmail,
                user_id: user.id.clone(),
                email: new_email.as_str().to_owned(),
            };
            let expires_at = now + as_ms(token.purpose.lifetime());
            access_tokens::upsert(&mut **tx, &token, &ids::digest(&ids::new_token()), expires_at).await?;
            mail::queue_own(embedded, tx, Kind::AccountExists, &owner, now).await?
        }
        _ => mail::queue(embedded, tx, Kind::ChangeEmail, user, new_email.as_str(), now).await?,
    };
    if !queued {
        environment::decoy_write(&mut **tx).await?;
    }
    mail::queue_own(embedded, tx, Kind::EmailChangeAsked, user, now).await?;
    Ok(())
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
    let mut tx = embedded.store.begin_one().await?;
    access_tokens::delete_of_purpose(&mut *tx, &caller.user.id, Purpose::ChangeEmail).await?;
    tx.commit().await?;
    Ok(Reply(()))
}

/// Moves the account of a living `change-email` key; `None` where the key is dead or the address
/// was taken meanwhile.
pub(crate) async fn confirm(embedded: &Embedded, key: &str) -> Result<Option<()>> {
    let now = embedded.settings.clock.now_ms();
    let mut tx = embedded.store.begin().await?;
    let purposes = [Purpose::ChangeEmail; 2];
    let Some(token) = access_tokens::redeem(&mut *tx, &ids::digest(key), purposes, now).await? else {
        return Ok(None);
    };
    let Some(user) = users::by_id(&mut *tx, &token.user_id).await? else {
        return Ok(None);
    };
    if let Some(owner) = users::by_email(&mut *tx, &token.email).await? {
        if owner.email_verified || owner.last_login_at.is_some() {
            return Ok(None);
        }
        users::delete(&mut *tx, &owner.id).await?;
    }
    move_account(embedded, &mut tx, user, &token.email, true, now).await?;
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(Some(()))
}

#[derive(Template)]
#[template(path = "change_email/page.html")]
struct Page<'a> {
    email: &'a str,
    key: &'a str,
}

/// The page behind a mailed link, with the one button that moves the account.
pub(crate) fn page(embedded: &Embedded, email: &str, key: &str) -> Result<Response> {
    let html = Page { email, key }
        .render()
        .context("rendering the page of a new address")?;
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
    Ok((headers, Html(html)).into_response())
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
    fn the_redirects_source_is_its_origin_or_its_scheme() {
        assert_eq!(
            source(&Url::parse("https://app.example:8443/a?b").unwrap()),
            "https://app.example:8443"
        );
        assert_eq!(source(&Url::parse("altogic://app/done").unwrap()), "altogic:");
    }
}
