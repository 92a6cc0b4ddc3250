//! `PUT` and `DELETE /api/avatar`.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State, multipart::MultipartError},
    http::{HeaderMap, StatusCode, header},
    routing::put,
};
use shared::avatar::{MAX_BYTES, PART, PATH, Response};
use tokio::time::{Instant, timeout_at};

use crate::{
    error::Error,
    extract::{Caller, bad_body, body_too_large},
    picture::{self, FORM_BYTES, Upload},
    session_cookie::SessionToken,
    state::AppState,
};

/// The time that every upload has once it is its turn …
const UPLOAD_TIME: Duration = Duration::from_secs(30);
/// … and one second more for each so many bytes: others wait for the memory that it takes.
const BYTES_PER_SECOND: usize = 64 * 1024;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(PATH, put(set).delete(remove))
        .layer(DefaultBodyLimit::max(MAX_BYTES + FORM_BYTES))
}

/// Makes the uploaded picture the user's avatar. Nothing of it is read before it is known whose it
/// is, that its sender has tries left, and that there is room.
async fn set(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
    request: Request,
) -> Result<axum::Json<Response>, Error> {
    let user = app.altogic.profile(&caller, &session).await?;
    if let Some(client) = caller.address {
        app.upload_limiter
            .take(client, || None)
            .map_err(Error::rate_limited)?;
    }
    let bytes = content_length(request.headers());
    if bytes.is_some_and(|bytes| bytes > (MAX_BYTES + FORM_BYTES) as u64) {
        return Err(too_large());
    }
    let form = Multipart::from_request(request, &app).await;
    let form = form.map_err(|_| not_a_form())?;
    let mut upload = app.pictures.uploads.begin(&user.id).await?;
    let original = read_picture(form, bytes, &mut upload).await?;
    let avatar = app.pictures.to_avatar(original, upload).await?;
    let user = app.altogic.set_avatar(&caller, &session, avatar).await?;
    Ok(axum::Json(Response { user }))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Takes the user's avatar away.
async fn remove(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
) -> Result<axum::Json<Response>, Error> {
    let user = app.altogic.remove_avatar(&caller, &session).await?;
    Ok(axum::Json(Response { user }))
}

/// Reads the picture's part, never more than the limit; what cannot be a picture is refused at
/// its first bytes.
pub(super) async fn read_picture(
    mut form: Multipart,
    bytes: Option<u64>,
    upload: &mut Upload,
) -> Result<Vec<u8>, Error> {
    let expected = bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    let start = Instant::now();
    while let Some(mut part) = within(start, 0, form.next_field()).await? {
        if part.name() != Some(PART) {
            continue;
        }
        // Memory that is not written to is not taken, and a vector that grows needs twice as much.
        let mut picture = Vec::with_capacity(expected.min(MAX_BYTES));
        let mut recognised = false;
        while let Some(chunk) = within(start, picture.len(), part.chunk()).await? {
            if picture.len() + chunk.len() > MAX_BYTES {
                return Err(too_large());
            }
            upload.grow(picture.len() + chunk.len()).await?;
            picture.extend_from_slice(&chunk);
            if !recognised && picture.len() >= picture::HEAD_BYTES {
                picture::recognise(&picture)?;
                recognised = true;
            }
        }
        return Ok(picture);
    }
    Err(bad_body("The form has no part named file."))
}

/// Waits for more of the form, as long as what has arrived allows.
async fn within<T>(
    start: Instant,
    received: usize,
    more: impl Future<Output = Result<T, MultipartError>>,
) -> Result<T, Error> {
    let earned = Duration::from_secs((received / BYTES_PER_SECOND) as u64);
    let more = timeout_at(start + UPLOAD_TIME + earned, more).await;
    more.map_err(|_| too_slow())?.map_err(unreadable)
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        bad_body("The picture did not arrive whole. Send it again.")
    }
}

fn too_slow() -> Error {
    Error::refused(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "The picture arrives too slowly. Try again where the connection is better.",
    )
}

fn too_large() -> Error {
    body_too_large(&format!(
        "The picture is larger than {} MB. Choose a smaller one.",
        MAX_BYTES / 1024 / 1024
    ))
}

fn not_a_form() -> Error {
    Error::refused(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send the picture as multipart/form-data.",
    )
}
