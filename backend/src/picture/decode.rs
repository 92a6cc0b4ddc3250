//! Decodes a picture within bounds of memory and time.

use std::{
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom},
    time::Instant,
};

use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, Limits,
    codecs::{gif::GifDecoder, jpeg::JpegDecoder, webp::WebPDecoder},
    metadata::Orientation,
};

use super::{
    Refusal,
    containers::{WebpChunks, bounded, jpeg_head, png_profile},
};

/// The most memory that decoding one picture may take, in bytes (72 MiB: 25 megapixels of RGB).
const MAX_MEMORY: u64 = 72 * 1024 * 1024;
/// The longest side that is read, in pixels.
pub(super) const MAX_SIDE: u32 = 12_000;
/// What the PNG decoder may take for anything but pixels, in bytes.
const PNG_EXTRA: usize = 1024 * 1024;

/// Pixels of eight bits, and how to show them.
pub(super) struct Decoded {
    pub(super) picture: DynamicImage,
    pub(super) orientation: Orientation,
    /// The ICC profile of the colours.
    pub(super) profile: Option<Vec<u8>>,
}

/// Decodes a picture of a known format; of several frames the first.
pub(super) fn decode(file: Vec<u8>, format: ImageFormat, deadline: Instant) -> Result<Decoded, Refusal> {
    match format {
        ImageFormat::Png => png(&file, deadline),
        ImageFormat::Jpeg => jpeg(file),
        ImageFormat::WebP => webp(&file, deadline),
        ImageFormat::Gif => gif(&file, deadline),
        _ => Err(Refusal::NoPicture),
    }
}

/// Refuses what is too long, or takes more memory than is set aside.
fn check(width: u32, height: u32, bytes_per_pixel: u64, extra: u64) -> Result<(), Refusal> {
    if width.max(height) > MAX_SIDE {
        return Err(Refusal::TooLong);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels * bytes_per_pixel + extra > MAX_MEMORY {
        return Err(Refusal::TooManyPixels);
    }
    Ok(())
}

fn png(file: &[u8], deadline: Instant) -> Result<Decoded, Refusal> {
    let limits = png::Limits { bytes: PNG_EXTRA };
    let mut decoder = png::Decoder::new_with_limits(Timed::new(file, deadline), limits);
    // Both can unpack to a thousand times their size.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let (width, height) = {
        let info = decoder.read_header_info().map_err(|_| Refusal::NoPicture)?;
        (info.width, info.height)
    };
    // One pixel has four bytes at most; the exact number is known below.
    check(width, height, 1, 0)?;
    let mut reader = decoder.read_info().map_err(|_| Refusal::NoPicture)?;
    let (color, _) = reader.output_color_type();
    check(width, height, color.samples() as u64, 0)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(Refusal::TooManyPixels)?];
    reader.next_frame(&mut pixels).map_err(|_| Refusal::NoPicture)?;
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = orientation(exif);
    let picture = match color {
        png::ColorType::Grayscale => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        png::ColorType::GrayscaleAlpha => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8)
        }
        png::ColorType::Rgb => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        png::ColorType::Rgba => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        png::ColorType::Indexed => None,
    };
    Ok(Decoded {
        picture: picture.ok_or(Refusal::NoPicture)?,
        orientation,
        profile: png_profile(file),
    })
}

fn jpeg(file: Vec<u8>) -> Result<Decoded, Refusal> {
    let head = jpeg_head(&file).ok_or(Refusal::NoPicture)?;
    check(head.width, head.height, 3, head.coefficients)?;
    // The decoder makes a copy; ours is gone after this.
    let mut decoder = JpegDecoder::new(Cursor::new(file)).map_err(|_| Refusal::NoPicture)?;
    let profile = decoder.icc_profile().ok().flatten().and_then(bounded);
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Decoded {
        picture: pixels(decoder)?,
        orientation,
        profile,
    })
}

fn webp(file: &[u8], deadline: Instant) -> Result<Decoded, Refusal> {
    let chunks = WebpChunks::of(file);
    let decoder = WebPDecoder::new(Timed::new(file, deadline)).map_err(|_| Refusal::NoPicture)?;
    let (width, height) = decoder.dimensions();
    let channels = u64::from(decoder.color_type().channel_count());
    check(width, height, channels + chunks.bytes_per_pixel(), 0)?;
    Ok(Decoded {
        picture: pixels(decoder)?,
        orientation: orientation(chunks.exif),
        profile: chunks.profile(),
    })
}

fn gif(file: &[u8], deadline: Instant) -> Result<Decoded, Refusal> {
    let mut decoder = GifDecoder::new(Timed::new(file, deadline)).map_err(|_| Refusal::NoPicture)?;
    let (width, height) = decoder.dimensions();
    check(width, height, 4, 0)?;
    // A frame can be larger than the picture.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY - decoder.total_bytes());
    decoder.set_limits(limits).map_err(|_| Refusal::TooManyPixels)?;
    Ok(Decoded {
        picture: pixels(decoder)?,
        orientation: Orientation::NoTransforms,
        profile: None,
    })
}

/// Every pixel. `DynamicImage::from_decoder` would look at no limit (SECURITY-BAR T-63).
fn pixels(decoder: impl ImageDecoder) -> Result<DynamicImage, Refusal> {
    let ((width, height), color) = (decoder.dimensions(), decoder.color_type());
    check(width, height, u64::from(color.bytes_per_pixel()), 0)?;
    let length = usize::try_from(decoder.total_bytes()).map_err(|_| Refusal::TooManyPixels)?;
    let mut pixels = vec![0; length];
    decoder.read_image(&mut pixels).map_err(|error| match error {
        image::ImageError::Limits(_) => Refusal::TooManyPixels,
        _ => Refusal::NoPicture,
    })?;
    let picture = match color {
        image::ColorType::L8 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        image::ColorType::La8 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        image::ColorType::Rgb8 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        image::ColorType::Rgba8 => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
        _ => None,
    };
    picture.ok_or(Refusal::NoPicture)
}

fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// A file that can be read until a deadline; all decoders but JPEG's read while they decode.
struct Timed<'a> {
    file: Cursor<&'a [u8]>,
    deadline: Instant,
}

/// So much is read between two looks at the clock, in bytes.
const TURN: usize = 16 * 1024;

impl<'a> Timed<'a> {
    fn new(file: &'a [u8], deadline: Instant) -> Self {
        let file = Cursor::new(file);
        Self { file, deadline }
    }

    fn check(&self) -> io::Result<()> {
        if Instant::now() < self.deadline {
            Ok(())
        } else {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.file.read(buffer)
    }
}

impl BufRead for Timed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        let rest = self.file.fill_buf()?;
        Ok(&rest[..rest.len().min(TURN)])
    }

    fn consume(&mut self, amount: usize) {
        self.file.consume(amount);
    }
}

impl Seek for Timed<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
