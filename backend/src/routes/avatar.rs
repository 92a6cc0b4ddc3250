//! `PUT` and `DELETE /api/avatar`.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, State, multipart::MultipartError},
    http::StatusCode,
    middleware::from_fn,
    routing::put,
};
use shared::avatar::{MAX_BYTES, PART, PATH, Response};

use crate::{
    drain::drain,
    error::Error,
    extract::{Caller, bad_body, body_too_large},
    picture,
    session_cookie::SessionToken,
    state::AppState,
};

/// What a form around the picture may weigh.
const FORM_BYTES: usize = 64 * 1024;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(PATH, put(set).delete(remove))
        .layer(DefaultBodyLimit::max(MAX_BYTES + FORM_BYTES))
        .layer(from_fn(drain))
}

/// Makes the uploaded picture the user's avatar.
async fn set(
    State(app): State<AppState>,
    caller: Caller,
    session: SessionToken,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<axum::Json<Response>, Error> {
    let form = form.map_err(|_| not_a_form())?;
    let original = read_picture(form).await?;
    let avatar = picture::to_avatar(&app.picture_slot, original).await?;
    let user = app.altogic.set_avatar(&caller, &session, avatar).await?;
    Ok(axum::Json(Response { user }))
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
async fn read_picture(mut form: Multipart) -> Result<Vec<u8>, Error> {
    while let Some(mut part) = form.next_field().await.map_err(unreadable)? {
        if part.name() != Some(PART) {
            continue;
        }
        let mut picture = Vec::new();
        let mut recognised = false;
        while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
            if picture.len() + chunk.len() > MAX_BYTES {
                return Err(too_large());
            }
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

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        bad_body("The picture did not arrive whole. Send it again.")
    }
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
