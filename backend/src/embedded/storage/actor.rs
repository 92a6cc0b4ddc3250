//! Who works on files: a signed-in user, or an application with an API key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::super::errors::{Refusal, Result};
use super::super::extract::{Caller, SESSION_HEADER};
use super::super::store::buckets::BucketRow;
use super::super::store::files::FileRow;
use super::super::{Embedded, gate};
use super::ROOT;

/// A user sees what is public and changes what is theirs; an API key may do everything.
pub(super) enum Actor {
    User(String),
    ApiKey,
}

impl FromRequestParts<Embedded> for Actor {
    type Rejection = Refusal;

    /// A session counts before a key, because the official client may send both.
    async fn from_request_parts(parts: &mut Parts, embedded: &Embedded) -> Result<Self> {
        let session = parts.headers.contains_key(SESSION_HEADER);
        if !session && gate::has_api_key(embedded, &parts.headers).await? {
            return Ok(Self::ApiKey);
        }
        Caller::from_request_parts(parts, embedded)
            .await
            .map(|caller| Self::User(caller.user.id.clone()))
    }
}

impl Actor {
    /// The user, if it is one.
    pub(super) fn user_id(&self) -> Option<&str> {
        match self {
            Self::User(id) => Some(id),
            Self::ApiKey => None,
        }
    }

    fn owns(&self, owner: Option<&str>) -> bool {
        self.user_id().is_none_or(|user| owner == Some(user))
    }

    /// Whether it may change or remove a file.
    pub(super) fn owns_file(&self, file: &FileRow) -> bool {
        self.owns(file.user_id.as_deref())
    }

    /// Whether it may change or remove a bucket. Nobody may do that to the built-in one.
    pub(super) fn owns_bucket(&self, bucket: &BucketRow) -> bool {
        bucket.name != ROOT && self.owns(bucket.user_id.as_deref())
    }

    /// Whether it may know a file and read it.
    pub(super) fn sees_file(&self, file: &FileRow) -> bool {
        file.is_public || self.owns_file(file)
    }

    /// Whether it may know a bucket and put files into it.
    pub(super) fn sees_bucket(&self, bucket: &BucketRow) -> bool {
        bucket.is_public || self.owns(bucket.user_id.as_deref())
    }
}
