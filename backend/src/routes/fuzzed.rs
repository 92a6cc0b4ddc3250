//! What has to hold for any form with a picture in it.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, Request},
    http::header,
};
use futures_util::stream;
use tokio::runtime::Builder;

use super::avatar::read_picture;
use crate::picture::Uploads;

/// How the network cut a form makes no difference, and the picture is a part of what was sent. The
/// first byte of `data` is the size of the pieces, the rest the form; its boundary is `x`.
///
/// # Panics
/// Where that does not hold.
pub fn multipart(data: &[u8]) {
    let Some((size, form)) = data.split_first() else {
        return;
    };
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime starts");
    let whole = runtime.block_on(read(form, form.len().max(1)));
    let cut = runtime.block_on(read(form, usize::from(*size).max(1)));

    assert_eq!(whole, cut);
    if let Some(picture) = whole.filter(|picture| !picture.is_empty()) {
        assert!(form.windows(picture.len()).any(|part| part == picture));
    }
}

async fn read(form: &[u8], size: usize) -> Option<Vec<u8>> {
    let pieces: Vec<_> = form
        .chunks(size)
        .map(|piece| Ok::<_, axum::Error>(Bytes::copy_from_slice(piece)))
        .collect();
    let request = Request::builder()
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from_stream(stream::iter(pieces)))
        .expect("a request");
    let form = Multipart::from_request(request, &()).await.ok()?;
    let mut upload = Uploads::default().begin("ada").await.ok()?;
    read_picture(form, None, &mut upload).await.ok()
}
