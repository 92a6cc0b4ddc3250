//! What every call of the REST API passes before its handler: rate limit, media type, client key
//! (order of PROTOCOL 1.7).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Mutex;

use super::errors::{self, Result};
use super::store::keys::{self, Kind};
use super::visitor::Visitor;
use super::{Embedded, ids};

/// The header of the client key.
const CLIENT_KEY_HEADER: &str = "x-client-key";

/// Marks a call from within this process: the application counted it against its network.
#[derive(Clone, Copy, Debug)]
pub struct CountedAlready;

/// Refuses visitors who call too often, bodies that are not JSON, and callers without a client key.
pub(crate) async fn gate(
    State(embedded): State<Embedded>,
    visitor: Visitor,
    request: Request,
    next: Next,
) -> Result<Response> {
    if request.extensions().get::<CountedAlready>().is_none() {
        embedded.limits.count_call(request.uri().path(), visitor.ip)?;
    }
    if !is_upload(request.uri().path()) && has_body(&request) && !is_json(request.headers()) {
        return Err(errors::unsupported_media_type());
    }
    let key = request
        .headers()
        .get(CLIENT_KEY_HEADER)
        .ok_or_else(errors::missing_client_key)?;
    let key = key.to_str().map_err(|_| errors::invalid_client_key())?;
    if !embedded.keys.accepts(&embedded, key, Kind::Client).await? {
        return Err(errors::invalid_client_key());
    }
    Ok(next.run(request).await)
}

/// Uploads carry whatever the file is (PROTOCOL 5.5).
fn is_upload(path: &str) -> bool {
    const ENDS: [&str; 4] = [
        "/upload-formdata",
        "/upload-object",
        "/replace-formdata",
        "/replace-object",
    ];
    ENDS.iter().any(|end| path.ends_with(end))
}

fn has_body(request: &Request) -> bool {
    let headers = request.headers();
    let length = headers
        .get(header::CONTENT_LENGTH)
        .is_some_and(|length| length != "0");
    request.method() != Method::GET && (length || headers.contains_key(header::TRANSFER_ENCODING))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether a request carries an API key: `Authorization` without `Bearer` (PROTOCOL 1.2).
pub(crate) async fn has_api_key(embedded: &Embedded, headers: &HeaderMap) -> Result<bool> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .filter(|key| key.len() >= MIN_API_KEY);
    match key {
        Some(key) => embedded.keys.accepts(embedded, key, Kind::Api).await,
        None => Ok(false),
    }
}

/// What is shorter could be guessed, or is a setting that was left empty: it never has any right,
/// whatever the settings say.
const MIN_API_KEY: usize = 16;

/// The keys that are accepted, read again when they are older than five seconds: a key revoked by
/// another process ends within that time, and no request waits for the database.
#[derive(Default)]
pub(crate) struct Keys {
    known: Mutex<Option<Known>>,
}

struct Known {
    /// Unix milliseconds.
    read_at: i64,
    keys: Arc<Vec<(String, Kind)>>,
}

const MAX_AGE_MS: i64 = 5_000;

impl Keys {
    async fn accepts(&self, embedded: &Embedded, key: &str, kind: Kind) -> Result<bool> {
        let hash = ids::digest(key);
        let (mut is_client, mut is_api) = (Choice::from(0), Choice::from(0));
        for (known, kind) in self.known(embedded).await?.iter() {
            let same = known.as_bytes().ct_eq(hash.as_bytes());
            match kind {
                Kind::Client => is_client |= same,
                Kind::Api => is_api |= same,
            }
        }
        Ok(match kind {
            Kind::Client => is_client,
            // A client key is public, so it opens nothing else, even where one key was given twice.
            Kind::Api => is_api & !is_client,
        }
        .into())
    }

    /// The digests of all keys that are accepted.
    async fn known(&self, embedded: &Embedded) -> Result<Arc<Vec<(String, Kind)>>> {
        let now = embedded.settings.clock.now_ms();
        let mut known = self.known.lock().await;
        // A clock that was set back makes them old too.
        let is_fresh = |known: &&Known| (0..MAX_AGE_MS).contains(&(now - known.read_at));
        if let Some(known) = known.as_ref().filter(is_fresh) {
            return Ok(known.keys.clone());
        }
        let rows = keys::all(&mut *embedded.store.read().await?).await?;
        let settings = &embedded.settings;
        let kept = rows
            .into_iter()
            .filter(|row| row.revoked_at.is_none())
            .map(|row| (row.key_hash, row.kind));
        let client_key = settings.client_key.iter().map(|key| (key, Kind::Client));
        let api_key = settings.api_key.iter().map(|key| (key, Kind::Api));
        let set = client_key
            .chain(api_key)
            .map(|(key, kind)| (ids::digest(key), kind));
        let keys = Arc::new(kept.chain(set).collect::<Vec<_>>());
        *known = Some(Known {
            read_at: now,
            keys: keys.clone(),
        });
        Ok(keys)
    }
}
