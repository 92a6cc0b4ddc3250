//! What has to hold for any file that is uploaded as a picture.

use image::{GenericImageView as _, ImageFormat};
use shared::avatar::{SIDE, SMALL_SIDE};

/// What comes out is a small square `WebP` without metadata, whatever came in.
///
/// # Panics
/// Where that does not hold.
pub fn picture(data: &[u8]) {
    let Ok(avatar) = super::convert(data.to_vec()) else {
        return;
    };
    let side = side(&avatar.picture);
    assert!((1..=SIDE).contains(&side), "{side}");
    assert_eq!(avatar.small.is_some(), side > SMALL_SIDE);
    if let Some(small) = &avatar.small {
        assert_eq!(self::side(small), SMALL_SIDE);
    }
}

fn side(webp: &[u8]) -> u32 {
    let mut chunks = webp.get(12..).expect("a RIFF head");
    while let [a, b, c, d, s0, s1, s2, s3, rest @ ..] = chunks {
        let name = [*a, *b, *c, *d];
        assert!(matches!(&name, b"VP8 " | b"VP8X" | b"ALPH" | b"VP8L"), "{name:?}");
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        chunks = rest.get(size + size % 2..).unwrap_or_default();
    }
    let picture = image::load_from_memory_with_format(webp, ImageFormat::WebP);
    let (width, height) = picture.expect("a picture that browsers read").dimensions();
    assert_eq!(width, height);
    width
}
