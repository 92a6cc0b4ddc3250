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

/// A JPEG photo of 1 MB, as telephones make them: fine grain everywhere.
///
/// # Panics
/// Never; pictures in memory can be written.
pub fn photo() -> Vec<u8> {
    let mut seed = 1_u32;
    let mut grain = || {
        // xorshift32: the same photo each time.
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        u8::try_from(seed % 48).unwrap_or_default()
    };
    let share = |at: u32, of: u32| u8::try_from(at * 200 / of).unwrap_or(u8::MAX);
    let pixels = RgbImage::from_fn(1600, 1200, |x, y| {
        let grain = grain();
        Rgb([share(x, 1600) + grain, share(y, 1200) + grain, 96 + grain])
    });
    let mut file = Cursor::new(Vec::new());
    pixels
        .write_to(&mut file, ImageFormat::Jpeg)
        .expect("the format can be written");
    let mut file = file.into_inner();
    // Readers stop at the end of the picture.
    file.resize(file.len().max(1_000_000), 0);
    file
}

/// The same JPEG, whose EXIF now says "turn me a quarter clockwise" and names a place.
///
/// # Panics
/// Never; the block is short.
pub fn turned(jpeg: &[u8]) -> Vec<u8> {
    let tiff = [
        b"II*\0\x08\0\0\0" as &[u8],
        b"\x02\0",                             // two entries
        b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", // Orientation, SHORT, 1, 6
        b"\x0e\x01\x02\0\x0d\0\0\0\x26\0\0\0", // ImageDescription, ASCII, 13, at 38
        b"\0\0\0\0",
        b"SECRET PLACE\0",
    ]
    .concat();
    let length = u16::try_from(2 + 6 + tiff.len()).expect("a short block");
    [
        &jpeg[..2],
        &[0xff, 0xe1],
        &length.to_be_bytes(),
        b"Exif\0\0",
        &tiff,
        &jpeg[2..],
    ]
    .concat()
}
