//! The calls on one file: `POST storage/bucket/file/…`. Uploading and removing have their own
//! files.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use axum::{Json as Reply, Router};
use serde_json::Value;

use super::super::errors::{self, Refusal, Result};
use super::super::extract::Json;
use super::super::store::files::{self, FileRow};
use super::super::{Embedded, ids};
use super::actor::Actor;
use super::change::Change;
use super::request::{self, Body};
use super::upload::free_name;
use super::{public, quota};

pub(crate) fn router() -> Router<Embedded> {
    Router::new()
        .route("/storage/bucket/file/exists", post(exists))
        .route("/storage/bucket/file/get", post(info))
        .route("/storage/bucket/file/download", post(download))
        .route("/storage/bucket/file/make-public", changing(Change::MakePublic))
        .route("/storage/bucket/file/make-private", changing(Change::MakePrivate))
        .route("/storage/bucket/file/rename", changing(Change::Edit))
        .route("/storage/bucket/file/update", changing(Change::Edit))
        .route("/storage/bucket/file/add-tags", changing(Change::AddTags))
        .route("/storage/bucket/file/remove-tags", changing(Change::RemoveTags))
        .route("/storage/bucket/file/duplicate", post(duplicate))
        .route("/storage/bucket/file/copy", post(copy))
        .route("/storage/bucket/file/move", post(move_to))
}

async fn exists(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<bool>> {
    let bucket = body.bucket(&embedded, &actor).await?;
    let name = body.file.as_str().unwrap_or_default();
    let file = files::by_name_or_id(&mut *embedded.store.read().await?, &bucket.id, name).await?;
    Ok(Reply(file.is_some_and(|file| actor.sees_file(&file))))
}

async fn info(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let file = body.file(&embedded, &actor).await?;
    Ok(Reply(super::wire(&embedded, &file)?))
}

/// The bytes, with the stored media type.
async fn download(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Response> {
    let file = body.file(&embedded, &actor).await?;
    public::whole(&embedded, &file).await
}

/// A call that changes a file's row: finds it, changes it, and answers with it.
fn changing(change: Change) -> MethodRouter<Embedded> {
    post(
        async move |State(embedded): State<Embedded>, actor: Actor, Json(body): Json<Body>| {
            let mut file = body.own_file(&embedded, &actor).await?;
            change.apply(&body, &mut file.name, &mut file.is_public, &mut file.tags.0)?;
            write(&embedded, file).await
        },
    )
}

/// A copy in the same bucket, under `duplicateName` or a numbered one.
async fn duplicate(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let file = body.own_file(&embedded, &actor).await?;
    let name = match &body.duplicate_name {
        Value::Null => file.name.clone(),
        name => request::name("duplicateName", name)?,
    };
    let bucket_id = file.bucket_id.clone();
    copy_to(&embedded, file, bucket_id, name).await
}

async fn copy(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let file = body.own_file(&embedded, &actor).await?;
    let bucket = request::bucket(&embedded, &actor, &body.bucket_name_or_id).await?;
    let name = file.name.clone();
    copy_to(&embedded, file, bucket.id, name).await
}

async fn move_to(
    State(embedded): State<Embedded>,
    actor: Actor,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let file = body.own_file(&embedded, &actor).await?;
    let bucket = request::bucket(&embedded, &actor, &body.bucket_name_or_id).await?;
    write(
        &embedded,
        FileRow {
            bucket_id: bucket.id,
            ..file
        },
    )
    .await
}

/// Writes a changed row; a name that another file has gets a number.
async fn write(embedded: &Embedded, file: FileRow) -> Result<Reply<Value>> {
    let mut tx = embedded.store.begin().await?;
    let present = files::by_id(&mut *tx, &file.bucket_id, &file.id).await?;
    let stays = present.is_some_and(|present| present.name == file.name);
    let name = if stays {
        file.name
    } else {
        free_name(&mut tx, &file.bucket_id, &file.name).await?
    };
    let file = FileRow {
        name,
        updated_at: embedded.settings.clock.now_ms(),
        ..file
    };
    if !files::update(&mut *tx, &file).await? {
        return Err(errors::file_not_found());
    }
    tx.commit().await?;
    Ok(Reply(super::wire(embedded, &file)?))
}

async fn copy_to(
    embedded: &Embedded,
    file: FileRow,
    bucket_id: String,
    name: String,
) -> Result<Reply<Value>> {
    let object_name = ids::new_token();
    let _until_it_has_a_row = embedded.objects.copy(&file.object_name, &object_name).await?;
    let now = embedded.settings.clock.now_ms();
    let copy = FileRow {
        id: ids::new_id(),
        bucket_id,
        name,
        object_name: object_name.clone(),
        uploaded_at: now,
        updated_at: now,
        ..file
    };
    match insert(embedded, copy).await {
        Ok(copy) => Ok(Reply(super::wire(embedded, &copy)?)),
        Err(refusal) => {
            embedded.objects.delete(&object_name).await?;
            Err(refusal)
        }
    }
}

async fn insert(embedded: &Embedded, copy: FileRow) -> std::result::Result<FileRow, Refusal> {
    let mut tx = embedded.store.begin().await?;
    let name = free_name(&mut tx, &copy.bucket_id, &copy.name).await?;
    let copy = FileRow { name, ..copy };
    files::insert(&mut *tx, &copy).await?;
    quota::check(embedded, &mut tx, copy.user_id.as_deref(), 0).await?;
    tx.commit().await?;
    Ok(copy)
}
