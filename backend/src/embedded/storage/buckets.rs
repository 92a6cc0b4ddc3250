//! The calls on buckets: `POST storage/create-bucket`, `list-buckets`, `search-files`,
//! `GET storage/stats`, and `POST storage/bucket/…`.

use axum::extract::State;
use axum::routing::{MethodRouter, get, post};
use axum::{Json as Reply, Router};
use serde_json::{Value, json};
use sqlx::types::Json as Stored;

use super::super::clock::iso;
use super::super::errors::{self, Result};
use super::super::extract::Json;
use super::super::store::buckets::{self, BucketRow};
use super::super::store::files::{self, FileRow};
use super::super::{Embedded, ids};
use super::actor::Actor;
use super::change::Change;
use super::listing;
use super::request::{self, Body};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/storage/create-bucket", post(create))
        .route("/storage/list-buckets", post(list))
        .route("/storage/search-files", post(search_files))
        .route("/storage/stats", get(stats))
        .route("/storage/bucket/exists", post(exists))
        .route("/storage/bucket/get", post(info))
        .route("/storage/bucket/empty", post(empty))
        .route("/storage/bucket/delete", post(delete))
        .route("/storage/bucket/rename", changing(Change::Edit))
        .route("/storage/bucket/update", changing(Change::Edit))
        .route("/storage/bucket/make-public", changing(Change::MakePublic))
        .route("/storage/bucket/make-private", changing(Change::MakePrivate))
        .route("/storage/bucket/add-tags", changing(Change::AddTags))
        .route("/storage/bucket/remove-tags", changing(Change::RemoveTags))
        .route("/storage/bucket/list-files", post(list_files))
        .route("/storage/bucket/delete-files", post(delete_files))
}

/// A bucket as Altogic writes it (PROTOCOL 2.3).
fn wire(bucket: &BucketRow) -> Value {
    json!({
        "_id": bucket.id,
        "name": bucket.name,
        "isPublic": bucket.is_public,
        "createdAt": iso(bucket.created_at),
        "updatedAt": iso(bucket.updated_at),
        "userId": bucket.user_id,
        "tags": bucket.tags.0,
    })
}

async fn create(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let now = embedded.settings.clock.now_ms();
    let bucket = BucketRow {
        id: ids::new_id(),
        name: request::name("name", &body.name)?,
        is_public: body.is_public.unwrap_or(true),
        tags: Stored(request::tags(&body.tags)?),
        user_id: actor.user_id().map(str::to_owned),
        created_at: now,
        updated_at: now,
    };
    let mut tx = embedded.store.begin().await?;
    if buckets::by_name_or_id(&mut *tx, &bucket.name).await?.is_some() {
        return Err(errors::bucket_not_unique());
    }
    buckets::insert(&mut *tx, &bucket).await?;
    tx.commit().await?;
    Ok(Reply(wire(&bucket)))
}

async fn list(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let rows = buckets::all(&mut *embedded.store.read().await?).await?;
    // Of other people's buckets only who knows their name gets to know.
    let own = |row: &&BucketRow| row.name == super::ROOT || actor.owns_bucket(row);
    let items = rows.iter().filter(own).map(wire).collect();
    listing::list(items, &body.expression, &body.options).map(Reply)
}

async fn search_files(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let rows = files::of_user(&mut *embedded.store.read().await?, actor.user_id(), None).await?;
    file_list(&embedded, rows, &body)
}

async fn list_files(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let bucket = body.bucket(&embedded, &actor).await?;
    let rows = files::of_user(
        &mut *embedded.store.read().await?,
        actor.user_id(),
        Some(&bucket.id),
    )
    .await?;
    file_list(&embedded, rows, &body)
}

fn file_list(embedded: &Embedded, rows: Vec<FileRow>, body: &Body) -> Result<Reply<Value>> {
    let items = rows
        .iter()
        .map(|row| super::wire(embedded, row))
        .collect::<anyhow::Result<_>>()?;
    listing::list(items, &body.expression, &body.options).map(Reply)
}

async fn stats(State(embedded): State<Embedded>, actor: Actor) -> Result<Reply<Value>> {
    let rows = files::of_user(&mut *embedded.store.read().await?, actor.user_id(), None).await?;
    let all = buckets::all(&mut *embedded.store.read().await?).await?;
    let own = all
        .iter()
        .filter(|row| row.name == super::ROOT || actor.owns_bucket(row))
        .count();
    let mut stats = totals(&rows);
    stats["bucketsCount"] = json!(own);
    Ok(Reply(stats))
}

/// The names of Altogic's successor (PROTOCOL 5.1).
fn totals(rows: &[FileRow]) -> Value {
    let total: i64 = rows.iter().map(|row| row.size).sum();
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    json!({
        "objectsCount": count,
        "totalStorageSize": total,
        "averageObjectSize": if count == 0 { 0 } else { total / count },
        "minObjectSize": rows.iter().map(|row| row.size).min().unwrap_or(0),
        "maxObjectSize": rows.iter().map(|row| row.size).max().unwrap_or(0),
    })
}

async fn exists(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<bool>> {
    let name = body.bucket.as_str().unwrap_or_default();
    let bucket = buckets::by_name_or_id(&mut *embedded.store.read().await?, name).await?;
    Ok(Reply(bucket.is_some_and(|bucket| actor.sees_bucket(&bucket))))
}

async fn info(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let bucket = body.bucket(&embedded, &actor).await?;
    let mut info = wire(&bucket);
    if body.detailed.unwrap_or_default() {
        let rows = files::of_user(
            &mut *embedded.store.read().await?,
            actor.user_id(),
            Some(&bucket.id),
        )
        .await?;
        if let (Some(info), Value::Object(totals)) = (info.as_object_mut(), totals(&rows)) {
            info.extend(totals);
        }
    }
    Ok(Reply(info))
}

/// Removes the actor's own files of the bucket.
async fn empty(State(embedded): State<Embedded>, actor: Actor, Json(body): Json<Body>) -> Result<Reply<()>> {
    let bucket = body.bucket(&embedded, &actor).await?;
    let rows = files::of_user(
        &mut *embedded.store.read().await?,
        actor.user_id(),
        Some(&bucket.id),
    )
    .await?;
    super::delete::delete_all(&embedded, &rows).await?;
    Ok(Reply(()))
}

/// Removes a bucket with its files; not while other people's files are in it.
async fn delete(State(embedded): State<Embedded>, actor: Actor, Json(body): Json<Body>) -> Result<Reply<()>> {
    let bucket = body.own_bucket(&embedded, &actor).await?;
    let mut tx = embedded.store.begin().await?;
    let rows = files::of_user(&mut *tx, None, Some(&bucket.id)).await?;
    if !rows.iter().all(|row| actor.owns_file(row)) {
        return Err(errors::unauthorized());
    }
    buckets::delete(&mut *tx, &bucket.id).await?;
    tx.commit().await?;
    for row in rows {
        embedded.objects.delete(&row.object_name).await?;
    }
    Ok(Reply(()))
}

/// A call that changes a bucket: finds it, changes its row, and answers with it.
fn changing(change: Change) -> MethodRouter<Embedded> {
    post(
        async move |State(embedded): State<Embedded>, actor: Actor, Json(body): Json<Body>| {
            let mut bucket = body.own_bucket(&embedded, &actor).await?;
            change.apply(&body, &mut bucket.name, &mut bucket.is_public, &mut bucket.tags.0)?;
            write(&embedded, bucket, &body, &actor).await
        },
    )
}

/// Writes the bucket and, with `includeFiles`, makes the actor's files in it what it is.
async fn write(embedded: &Embedded, bucket: BucketRow, body: &Body, actor: &Actor) -> Result<Reply<Value>> {
    let now = embedded.settings.clock.now_ms();
    let bucket = BucketRow {
        updated_at: now,
        ..bucket
    };
    let mut tx = embedded.store.begin().await?;
    let same_name = buckets::by_name_or_id(&mut *tx, &bucket.name).await?;
    if same_name.is_some_and(|other| other.id != bucket.id) {
        return Err(errors::bucket_not_unique());
    }
    buckets::update(&mut *tx, &bucket).await?;
    if body.include_files.unwrap_or_default() {
        files::set_public(&mut *tx, &bucket.id, actor.user_id(), bucket.is_public, now).await?;
    }
    tx.commit().await?;
    Ok(Reply(wire(&bucket)))
}

/// Removes the named files; names that are not there are no error (PROTOCOL 5.3).
async fn delete_files(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<()>> {
    let bucket = body.bucket(&embedded, &actor).await?;
    let named = match &body.file_names_or_ids {
        Value::Array(names) => names.clone(),
        one => vec![one.clone()],
    };
    let named: Vec<&str> = named.iter().filter_map(Value::as_str).collect();
    let mut rows = files::of_user(
        &mut *embedded.store.read().await?,
        actor.user_id(),
        Some(&bucket.id),
    )
    .await?;
    rows.retain(|row| named.contains(&row.name.as_str()) || named.contains(&row.id.as_str()));
    super::delete::delete_all(&embedded, &rows).await?;
    Ok(Reply(()))
}
