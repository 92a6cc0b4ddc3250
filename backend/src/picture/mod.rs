//! Turns an uploaded picture into an avatar: upright, square, small, in sRGB, without metadata.
//!
//! Pictures are untrusted input to complex decoders. They are decoded one at a time, in a process
//! of their own whose memory and time are bounded (`helper.rs`). Uploads wait for their turn before
//! any of their body is read (`uploads.rs`).

mod colour;
mod containers;
mod decode;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzzed;
mod helper;
mod uploads;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use image::{DynamicImage, GenericImageView as _, ImageFormat, imageops, imageops::FilterType};
use shared::avatar::{SIDE, SMALL_SIDE};
use tokio::{sync::Semaphore, time::timeout};

use crate::{error::Error, extract::body_too_large};
use decode::Decoded;
pub use helper::{HELPER_ARGUMENT, run_helper};
pub(crate) use uploads::{FORM_BYTES, Upload, Uploads};

/// How many bytes tell what a file is.
pub(crate) const HEAD_BYTES: usize = 16;

/// `WebP` quality: below, faces show blocks at 96 px on a 2x screen.
const QUALITY: f32 = 82.0;
/// The longest time that decoding one picture may take.
const DECODE_TIME: Duration = Duration::from_secs(10);
/// The longest time that a picture waits for its turn.
const TURN_TIME: Duration = Duration::from_secs(20);
/// When an upload that found no room may be tried again.
const RETRY: Duration = Duration::from_secs(5);
/// A picture of more than so many times the avatar's side is made smaller in two steps.
const COARSE: u32 = 3;

/// An avatar's files, both WebP and square.
#[derive(Debug)]
pub(crate) struct Avatar {
    /// At most [`SIDE`] wide.
    pub(crate) picture: Vec<u8>,
    /// [`SMALL_SIDE`] wide; `None` if the picture is not wider than that.
    pub(crate) small: Option<Vec<u8>>,
}

/// Why there is no avatar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    NoPicture,
    /// One side is longer than [`decode::MAX_SIDE`].
    TooLong,
    /// Decoding takes more memory than is set aside.
    TooManyPixels,
    /// Decoding takes longer than [`DECODE_TIME`].
    TooSlow,
    /// `WebP` cannot be written.
    Unwritten,
}

/// Decodes pictures, one at a time.
#[derive(Debug)]
pub(crate) struct Pictures {
    pub(crate) uploads: Uploads,
    turn: Arc<Semaphore>,
    /// The program that decodes; `None` decodes in this process.
    helper: Option<PathBuf>,
}

impl Pictures {
    /// With `helper`, this program, pictures are decoded in processes of their own.
    pub(crate) fn new(helper: Option<PathBuf>) -> Self {
        Self {
            uploads: Uploads::default(),
            turn: Arc::new(Semaphore::new(1)),
            helper,
        }
    }

    /// Makes an avatar of a PNG, JPEG, WebP or GIF (first frame).
    ///
    /// # Errors
    /// 415 for anything else, 413 for one that is too long or takes too much memory or time, 503
    /// when its turn does not come.
    pub(crate) async fn to_avatar(&self, original: Vec<u8>, upload: Upload) -> Result<Avatar, Error> {
        recognise(&original)?;
        let turn = timeout(TURN_TIME, Arc::clone(&self.turn).acquire_owned()).await;
        let turn = turn
            .map_err(|_| Error::Busy(RETRY))?
            .map_err(|error| Error::Internal(error.into()))?;
        if let Some(helper) = &self.helper {
            let avatar = helper::convert_in(helper, &original).await;
            drop((turn, upload));
            return avatar.map_err(Error::Internal)?.map_err(Into::into);
        }
        let work = tokio::task::spawn_blocking(move || {
            let avatar = convert(original);
            drop((turn, upload));
            avatar
        });
        // A decoder that panics has met a file that is no sound picture.
        match timeout(DECODE_TIME, work).await {
            Ok(avatar) => avatar.unwrap_or(Err(Refusal::NoPicture)),
            Err(_) => Err(Refusal::TooSlow),
        }
        .map_err(Into::into)
    }
}

/// Tells by its first bytes whether a file can be a picture that we read.
///
/// # Errors
/// 415.
pub(crate) fn recognise(head: &[u8]) -> Result<ImageFormat, Error> {
    Ok(format(head)?)
}

fn format(head: &[u8]) -> Result<ImageFormat, Refusal> {
    let format = image::guess_format(head).map_err(|_| Refusal::NoPicture)?;
    let known = matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif
    );
    if known {
        Ok(format)
    } else {
        Err(Refusal::NoPicture)
    }
}

fn convert(original: Vec<u8>) -> Result<Avatar, Refusal> {
    let deadline = Instant::now() + DECODE_TIME;
    let format = format(&original)?;
    let Decoded {
        picture,
        orientation,
        profile,
    } = decode::decode(original, format, deadline)?;
    let mut square = cropped(picture);
    if let Some(profile) = profile {
        square = colour::to_srgb(square, &profile);
    }
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

fn encoded(square: DynamicImage) -> Result<Vec<u8>, Refusal> {
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
    webp.map_err(|_| Refusal::Unwritten)
}

/// The middle square, at most [`SIDE`] wide. No second copy of a large original is made.
fn cropped(picture: DynamicImage) -> DynamicImage {
    let side = picture.width().min(picture.height());
    let (x, y) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let coarse = COARSE * SIDE;
    let square = if side <= coarse {
        picture.crop_imm(x, y, side, side)
    } else {
        match &picture {
            DynamicImage::ImageLuma8(pixels) => {
                imageops::thumbnail(&*pixels.view(x, y, side, side), coarse, coarse).into()
            }
            DynamicImage::ImageLumaA8(pixels) => {
                imageops::thumbnail(&*pixels.view(x, y, side, side), coarse, coarse).into()
            }
            DynamicImage::ImageRgb8(pixels) => {
                imageops::thumbnail(&*pixels.view(x, y, side, side), coarse, coarse).into()
            }
            DynamicImage::ImageRgba8(pixels) => {
                imageops::thumbnail(&*pixels.view(x, y, side, side), coarse, coarse).into()
            }
            other => other.crop_imm(x, y, side, side),
        }
    };
    drop(picture);
    if side > SIDE {
        square.resize_exact(SIDE, SIDE, FilterType::CatmullRom)
    } else {
        square
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoPicture => Self::refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "This file is not a PNG, JPEG, WebP or GIF picture.",
            ),
            Refusal::TooLong => {
                body_too_large("A side of the picture is longer than 12,000 pixels. Cut it, then try again.")
            }
            Refusal::TooManyPixels => body_too_large(
                "The picture has too many pixels. Choose one below 24 megapixels, or save it as JPEG.",
            ),
            Refusal::TooSlow => {
                body_too_large("The picture takes too long to read. Save it as JPEG, then try again.")
            }
            Refusal::Unwritten => Self::Internal(anyhow::anyhow!("the WebP encoder failed")),
        }
    }
}
