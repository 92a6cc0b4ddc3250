//! Turns an uploaded picture into an avatar: upright, square, small, without metadata.

use std::{io::Cursor, sync::Arc};

use axum::http::StatusCode;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, imageops::FilterType};
use shared::avatar::{SIDE, SMALL_SIDE};
use tokio::sync::Semaphore;

use crate::{error::Error, extract::body_too_large};

/// The most memory that decoding one picture may take, in bytes (96 MiB: 24 megapixels of RGBA).
pub const MAX_ALLOC: u64 = 96 * 1024 * 1024;

/// How many bytes tell what a file is.
pub(crate) const HEAD_BYTES: usize = 16;

/// The longest side that is read, in pixels.
const MAX_SIDE: u32 = 12_000;
/// `WebP` quality: below, faces show blocks at 96 px on a 2x screen.
const QUALITY: f32 = 82.0;

/// An avatar's files, both WebP and square.
#[derive(Debug)]
pub(crate) struct Avatar {
    /// At most [`SIDE`] wide.
    pub(crate) picture: Vec<u8>,
    /// [`SMALL_SIDE`] wide; `None` if the picture is not wider than that.
    pub(crate) small: Option<Vec<u8>>,
}

/// Makes an avatar of a PNG, JPEG, WebP or GIF (first frame).
///
/// # Errors
/// 415 for anything else, 413 for more pixels than memory is set aside for.
pub(crate) async fn to_avatar(slot: &Arc<Semaphore>, original: Vec<u8>) -> Result<Avatar, Error> {
    recognise(&original)?;
    let permit = Arc::clone(slot)
        .acquire_owned()
        .await
        .map_err(|error| Error::Internal(error.into()))?;
    let work = tokio::task::spawn_blocking(move || {
        let avatar = convert(&original);
        drop(permit);
        avatar
    });
    // A decoder that panics has met a file that is no sound picture.
    work.await.unwrap_or_else(|_| Err(not_a_picture()))
}

/// Tells by its first bytes whether a file can be a picture that we read.
///
/// # Errors
/// 415.
pub(crate) fn recognise(head: &[u8]) -> Result<ImageFormat, Error> {
    let format = image::guess_format(head).map_err(|_| not_a_picture())?;
    let known = matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif
    );
    if known { Ok(format) } else { Err(not_a_picture()) }
}

fn convert(original: &[u8]) -> Result<Avatar, Error> {
    let format = recognise(original)?;
    let reader = || {
        let mut reader = ImageReader::with_format(Cursor::new(original), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_ALLOC);
        reader.limits(limits);
        reader
    };
    let orientation = reader()
        .into_decoder()
        .and_then(|mut decoder| decoder.orientation())
        .map_err(refusal)?;
    // `DynamicImage::from_decoder` would ignore the allocation limit (SECURITY-BAR T-63).
    let decoded = reader().decode().map_err(refusal)?;
    let mut square = cropped(decoded);
    square.apply_orientation(orientation);

    let small = (square.width() > SMALL_SIDE).then(|| {
        let small = square.resize_exact(SMALL_SIDE, SMALL_SIDE, FilterType::CatmullRom);
        encoded(small)
    });
    Ok(Avatar {
        picture: encoded(square)?,
        small: small.transpose()?,
    })
}

fn encoded(square: DynamicImage) -> Result<Vec<u8>, Error> {
    let (width, height) = (square.width(), square.height());
    let webp = if square.color().has_alpha() {
        let pixels = square.into_rgba8();
        webp::Encoder::from_rgba(&pixels, width, height)
            .encode_simple(false, QUALITY)
            .map(|webp| webp.to_vec())
    } else {
        let pixels = square.into_rgb8();
        webp::Encoder::from_rgb(&pixels, width, height)
            .encode_simple(false, QUALITY)
            .map(|webp| webp.to_vec())
    };
    webp.map_err(|error| Error::Internal(anyhow::anyhow!("WebP encoder: {error:?}")))
}

/// The middle square, at most [`SIDE`] wide.
fn cropped(picture: DynamicImage) -> DynamicImage {
    let side = picture.width().min(picture.height());
    let (x, y) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(x, y, side, side);
    // The large original is no longer needed; two copies of it must not stand in memory.
    drop(picture);
    if side > SIDE {
        square.resize_exact(SIDE, SIDE, FilterType::CatmullRom)
    } else {
        square
    }
}

fn refusal(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => {
            body_too_large("The picture has too many pixels. Choose one below 24 megapixels.")
        }
        _ => not_a_picture(),
    }
}

fn not_a_picture() -> Error {
    Error::refused(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "This file is not a PNG, JPEG, WebP or GIF picture.",
    )
}
