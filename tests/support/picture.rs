//! Pictures to upload.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A picture whose colours change from corner to corner, so that what was cut or turned shows.
///
/// # Panics
/// For a format that cannot be written.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let share = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap_or(u8::MAX);
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([share(x, width), share(y, height), 96]));
    let mut file = Cursor::new(Vec::new());
    pixels
        .write_to(&mut file, format)
        .expect("the format can be written");
    file.into_inner()
}
