//! The body of the storage calls, and what they name: buckets, files, tags.

use serde::Deserialize;
use serde_json::Value;

use super::super::Embedded;
use super::super::errors::{self, Result};
use super::super::fields::Fields;
use super::super::store::buckets::{self, BucketRow};
use super::super::store::files::{self, FileRow};
use super::actor::Actor;

/// Every field that a storage call may have; each call reads its own (PROTOCOL 5.2 to 5.4).
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
pub(super) struct Body {
    pub(super) bucket: Value,
    pub(super) file: Value,
    pub(super) name: Value,
    pub(super) new_name: Value,
    pub(super) duplicate_name: Value,
    pub(super) bucket_name_or_id: Value,
    pub(super) file_names_or_ids: Value,
    pub(super) is_public: Option<bool>,
    pub(super) include_files: Option<bool>,
    pub(super) detailed: Option<bool>,
    pub(super) tags: Value,
    pub(super) expression: Value,
    pub(super) options: Value,
}

/// A name of 1 to 255 characters without control characters.
pub(super) fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// A required name.
pub(super) fn name(param: &'static str, value: &Value) -> Result<String> {
    if let Some(name) = value.as_str().filter(|name| is_name(name)) {
        return Ok(name.to_owned());
    }
    let mut fields = Fields::default();
    fields.refuse(
        param,
        "A name has 1 to 255 characters, none of them a control character.",
    );
    fields.finish()?;
    Ok(String::new())
}

/// At most 100 tags of at most 100 characters; one may stand without a list.
pub(super) fn tags(value: &Value) -> Result<Vec<String>> {
    let items = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let tag = |item: &Value| {
        item.as_str()
            .filter(|tag| tag.chars().count() <= 100)
            .map(str::to_owned)
    };
    match items.iter().map(tag).collect::<Option<Vec<_>>>() {
        Some(tags) if tags.len() <= 100 => Ok(tags),
        _ => {
            let mut fields = Fields::default();
            fields.refuse("tags", "Use at most 100 tags of at most 100 characters.");
            fields.finish()?;
            Ok(Vec::new())
        }
    }
}

impl Body {
    /// The bucket that the call names, if the actor may know it.
    pub(super) async fn bucket(&self, embedded: &Embedded, actor: &Actor) -> Result<BucketRow> {
        bucket(embedded, actor, &self.bucket).await
    }

    /// The bucket, if the actor may change it.
    pub(super) async fn own_bucket(&self, embedded: &Embedded, actor: &Actor) -> Result<BucketRow> {
        let bucket = self.bucket(embedded, actor).await?;
        if actor.owns_bucket(&bucket) {
            Ok(bucket)
        } else {
            Err(errors::unauthorized())
        }
    }

    /// The file that the call names, if the actor may know it.
    pub(super) async fn file(&self, embedded: &Embedded, actor: &Actor) -> Result<FileRow> {
        let bucket = self.bucket(embedded, actor).await?;
        let name = self.file.as_str().unwrap_or_default();
        let file = files::by_name_or_id(&mut *embedded.store.read().await?, &bucket.id, name).await?;
        file.filter(|file| actor.sees_file(file))
            .ok_or_else(errors::file_not_found)
    }

    /// The file, if the actor may change it.
    pub(super) async fn own_file(&self, embedded: &Embedded, actor: &Actor) -> Result<FileRow> {
        let file = self.file(embedded, actor).await?;
        if actor.owns_file(&file) {
            Ok(file)
        } else {
            Err(errors::unauthorized())
        }
    }
}

/// A bucket by name or id; absent is the built-in one.
pub(super) async fn bucket(embedded: &Embedded, actor: &Actor, value: &Value) -> Result<BucketRow> {
    let name = if value.is_null() {
        super::ROOT
    } else {
        value.as_str().unwrap_or_default()
    };
    let bucket = buckets::by_name_or_id(&mut *embedded.store.read().await?, name).await?;
    bucket
        .filter(|bucket| actor.sees_bucket(bucket))
        .ok_or_else(|| errors::bucket_not_found(name))
}
