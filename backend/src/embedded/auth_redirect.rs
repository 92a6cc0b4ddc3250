//! Mail links: `GET /_auth/verify` sends the browser on with an access token, or shows the page
//! of a new address, whose button is `POST /_auth/verify`; `GET auth/access-token` tells what one is
//! for. [`super::grant`] redeems it.

use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json as Reply, Router};
use serde_json::{Value, json};
use url::Url;

use super::change_email::{self, Confirmation};
use super::errors::{self, Result};
use super::extract::key_of;
use super::grant::{self, Proofs};
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::visitor::Visitor;
use super::{Embedded, ids, query};

pub(crate) fn router() -> Router<Embedded> {
    Router::new().route("/auth/access-token", get(access_token))
}

pub(crate) fn public_router() -> Router<Embedded> {
    Router::new()
        .route(
            "/_auth/verify",
            get(verify)
                .post(confirm)
                .layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .route("/_auth/page.css", get(style))
}

/// The largest form of the page's button, in bytes.
const MAX_FORM_BYTES: usize = 4096;

/// Redirects to the application, with the mailed key as access token, or with the reason why
/// there is none (PROTOCOL 4.1). Changes nothing, so that whoever only looks at the mail, a
/// scanner or a preview, proves nothing and uses nothing up. A new address ends in no grant, so
/// its link shows a page with a button.
async fn verify(State(embedded): State<Embedded>, RawQuery(query): RawQuery) -> Result<Response> {
    let key = query::value(query.as_deref(), "key").unwrap_or_default();
    let asked = query::value(query.as_deref(), "action").and_then(|action| Purpose::of_action(&action));
    let token = living(&embedded, &key)
        .await?
        .filter(|token| asked.is_none_or(|asked| asked == token.purpose));
    let result = match &token {
        Some(token) if token.purpose == Purpose::ChangeEmail => {
            if let Some(page) = change_email::page(&embedded, &key, false).await? {
                return Ok(page);
            }
            Err(asked)
        }
        Some(token) => Ok((token.purpose, Some(key.as_str()))),
        None => Err(asked),
    };
    Ok(see(
        StatusCode::FOUND,
        redirect(&embedded.settings.redirect_url, result),
    ))
}

/// The button of the page: makes the change, then redirects like a link.
async fn confirm(State(embedded): State<Embedded>, visitor: Visitor, body: String) -> Result<Response> {
    let key = query::value(Some(&body), "key").unwrap_or_default();
    // A form writes a space as a plus.
    let password = query::form_value(Some(&body), "password");
    let is_wrong = password.is_some();
    let result = match change_email::confirm(&embedded, &visitor, &key, password).await? {
        Confirmation::Moved => Ok((Purpose::ChangeEmail, None)),
        Confirmation::Dead => Err(Some(Purpose::ChangeEmail)),
        Confirmation::NeedsPassword => match change_email::page(&embedded, &key, is_wrong).await? {
            Some(page) => return Ok(page),
            None => Err(Some(Purpose::ChangeEmail)),
        },
    };
    Ok(see(
        StatusCode::SEE_OTHER,
        redirect(&embedded.settings.redirect_url, result),
    ))
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("../../templates/change_email/page.css"))
}

/// A redirect that nothing keeps.
pub(crate) fn see(status: StatusCode, location: Url) -> Response {
    let headers: [(HeaderName, String); 4] = [
        (header::LOCATION, location.into()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned(),
        ),
    ];
    (status, headers).into_response()
}

/// `Ok`: purpose, and access token where there is one. `Err`: the purpose, if the link names one.
fn redirect(to: &Url, result: std::result::Result<(Purpose, Option<&str>), Option<Purpose>>) -> Url {
    match result {
        Ok((purpose, None)) => with_result(to, &[("status", "200"), ("action", purpose.action())]),
        Ok((purpose, Some(key))) => with_result(
            to,
            &[
                ("status", "200"),
                ("action", purpose.action()),
                ("access_token", key),
            ],
        ),
        Err(Some(purpose)) => with_result(
            to,
            &[
                ("status", "400"),
                ("action", purpose.action()),
                ("error", errors::INVALID_ACCESS_TOKEN),
            ],
        ),
        Err(None) => with_result(to, &[("status", "400"), ("error", errors::INVALID_ACCESS_TOKEN)]),
    }
}

/// The application's URL with more in its query.
pub(crate) fn with_result(to: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = to.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

/// Whose address a token proves, and for what; redeems nothing. Ours, not Altogic's: the app asks
/// before a click in another browser. `needs` is `password` where redeeming takes the password that
/// was chosen before the address was proved, or a new one.
async fn access_token(
    State(embedded): State<Embedded>,
    proofs: Proofs,
    RawQuery(query): RawQuery,
) -> Result<Reply<Value>> {
    let key = key_of(query.as_deref())?;
    let token = living(&embedded, &key)
        .await?
        .ok_or_else(errors::invalid_access_token)?;
    let mut told = json!({ "email": token.email, "action": token.purpose.action() });
    if grant::needs_password(&embedded, &token, &proofs).await? {
        told["needs"] = json!("password");
    }
    Ok(Reply(told))
}

async fn living(embedded: &Embedded, key: &str) -> Result<Option<AccessTokenRow>> {
    let now = embedded.settings.clock.now_ms();
    Ok(access_tokens::by_hash(&mut *embedded.store.read().await?, &ids::digest(key), now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(url: &str, result: std::result::Result<(Purpose, Option<&str>), Option<Purpose>>) -> String {
        redirect(&Url::parse(url).unwrap(), result).into()
    }

    #[test]
    fn a_living_link_brings_its_token() {
        assert_eq!(
            to(
                "http://localhost:3000/auth-redirect",
                Ok((Purpose::VerifyEmail, Some("k-_")))
            ),
            "http://localhost:3000/auth-redirect?status=200&action=email-confirm&access_token=k-_"
        );
    }

    #[test]
    fn a_dead_link_says_so_with_plus_for_spaces() {
        assert_eq!(
            to("http://localhost:3000/", Err(Some(Purpose::VerifyEmail))),
            "http://localhost:3000/?status=400&action=email-confirm&error=Invalid+or+expired+access+token"
        );
    }

    #[test]
    fn the_redirect_urls_own_query_and_scheme_are_kept() {
        assert_eq!(
            to("altogic://app/done?a=b#c", Ok((Purpose::MagicLink, Some("k")))),
            "altogic://app/done?a=b&status=200&action=magic-link&access_token=k#c"
        );
    }
}
