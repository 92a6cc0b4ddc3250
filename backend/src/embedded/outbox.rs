//! `/outbox` and `/outbox.json`: the mails that stay here because no mail server is set.

use anyhow::Context;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use shared::Email;

use super::clock::iso;
use super::errors::Result;
use super::mail::{self, Mail};
use super::store::outbox;
use super::{Embedded, mail_requests, query};

/// How many mails are shown.
const LIMIT: i64 = 200;

/// The page loads one style sheet and nothing else.
const PAGE_HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];
const DATA_HEADERS: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; sandbox; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/outbox", get(page))
        .route("/outbox.css", get(style))
        .route("/outbox.json", get(list))
}

/// One mail, as programs read it.
#[derive(Serialize)]
struct Entry {
    id: String,
    to: String,
    #[serde(flatten)]
    mail: Mail,
    created_at: String,
}

/// A stretch of a mail's text.
enum Piece<'a> {
    Text(&'a str),
    Link(&'a str),
}

impl Entry {
    /// The text, with its links apart.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.mail.text.as_str();
        for link in &self.mail.links {
            if let Some((before, after)) = rest.split_once(link.as_str()) {
                pieces.extend([Piece::Text(before), Piece::Link(link)]);
                rest = after;
            }
        }
        pieces.push(Piece::Text(rest));
        pieces
    }
}

#[derive(Template)]
#[template(path = "outbox/page.html")]
struct Page {
    entries: Vec<Entry>,
}

async fn page(State(embedded): State<Embedded>) -> Result<impl IntoResponse> {
    let page = Page {
        entries: entries(&embedded, None).await?,
    };
    Ok((PAGE_HEADERS, Html(page.render().context("rendering the outbox")?)))
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("../../templates/outbox/page.css"))
}

/// Newest first; `to` narrows to one address.
async fn list(State(embedded): State<Embedded>, RawQuery(query): RawQuery) -> Result<impl IntoResponse> {
    let to = query::value(query.as_deref(), "to").map(|to| {
        Email::try_from(to.clone()).map_or_else(|_| to.trim().to_lowercase(), |to| to.as_str().to_owned())
    });
    Ok((DATA_HEADERS, Json(entries(&embedded, to.as_deref()).await?)))
}

async fn entries(embedded: &Embedded, to: Option<&str>) -> Result<Vec<Entry>> {
    // What was just asked for is there at once.
    mail_requests::settle_all(embedded).await?;
    let rows = outbox::latest(&mut *embedded.store.read().await?, to, LIMIT).await?;
    rows.into_iter()
        .map(|row| {
            let mail = mail::compose(embedded, &row)?;
            Ok(Entry {
                id: row.id,
                to: row.to_address,
                mail,
                created_at: iso(row.created_at),
            })
        })
        .collect()
}
