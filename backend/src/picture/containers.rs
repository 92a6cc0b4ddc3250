//! What is told about a picture without decoding it: its size, its colours, how it stands, and how
//! much memory decoding it takes.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

/// The largest colour profile that is read, in bytes (1 MiB); a larger one is left out.
const MAX_PROFILE: u64 = 1024 * 1024;
/// More scans than any encoder writes: each of them costs time for every pixel.
const MAX_SCANS: usize = 100;

/// What a JPEG says of itself before its first scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JpegHead {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes that the decoder takes for coefficients, beside the pixels.
    pub(super) coefficients: u64,
}

/// Reads a JPEG's segments up to its first scan (ITU-T T.81, B.2); `None` if it is none, or has
/// more scans than any encoder writes.
pub(super) fn jpeg_head(file: &[u8]) -> Option<JpegHead> {
    let mut rest = file.strip_prefix(&[0xff, 0xd8])?;
    let mut frame = None;
    loop {
        // Between segments there may be fill bytes, and decoders pass over stray ones.
        let at = rest
            .windows(2)
            .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))?;
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            continue;
        }
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let segment = rest.get(2..length)?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame = Some((marker, segment)),
            0xda => {
                let (marker, frame) = frame?;
                let scans = file.windows(2).filter(|pair| *pair == [0xff, 0xda]).count();
                return (scans <= MAX_SCANS).then(|| jpeg_frame(marker, frame, *segment.first()?))?;
            }
            0xd9 => return None,
            _ => (),
        }
        rest = &rest[length..];
    }
}

fn jpeg_frame(marker: u8, frame: &[u8], in_first_scan: u8) -> Option<JpegHead> {
    let number = |at: usize| {
        Some(u32::from(u16::from_be_bytes([
            *frame.get(at)?,
            *frame.get(at + 1)?,
        ])))
    };
    let (height, width) = (number(1)?, number(3)?);
    let components = frame.get(6..6 + 3 * usize::from(*frame.get(5)?))?;
    let sampling = || {
        components
            .chunks_exact(3)
            .map(|part| (part[1] >> 4, part[1] & 15))
    };
    let widest = u64::from(sampling().map(|(x, _)| x).max()?.max(1));
    let highest = u64::from(sampling().map(|(_, y)| y).max()?.max(1));
    let is_progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
    let is_apart = usize::from(in_first_scan) < components.len() / 3;
    // Two bytes for each sample of whole blocks.
    let units = u64::from(width).div_ceil(8 * widest) * u64::from(height).div_ceil(8 * highest);
    let samples: u64 = sampling()
        .map(|(x, y)| u64::from(x) * u64::from(y) * 64 * units)
        .sum();
    Some(JpegHead {
        width,
        height,
        coefficients: if is_progressive || is_apart {
            2 * samples
        } else {
            0
        },
    })
}

/// The colour profile of a PNG (W3C PNG, 11.3.2.3).
pub(super) fn png_profile(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.get(8..)?;
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
        let data = rest.get(8..length.checked_add(8)?)?;
        match &rest[4..8] {
            b"iCCP" => {
                let name_end = data.iter().position(|byte| *byte == 0)?;
                let mut profile = Vec::new();
                let packed = ZlibDecoder::new(data.get(name_end + 2..)?);
                packed.take(MAX_PROFILE + 1).read_to_end(&mut profile).ok()?;
                return bounded(profile);
            }
            b"IDAT" | b"IEND" => return None,
            _ => rest = rest.get(length + 12..)?,
        }
    }
}

/// What a WebP's chunks say (RFC 9649).
#[derive(Debug, Default)]
pub(super) struct WebpChunks<'a> {
    pub(super) exif: Option<&'a [u8]>,
    profile: Option<&'a [u8]>,
    is_animated: bool,
    has_alpha_chunk: bool,
    is_lossless: bool,
}

impl<'a> WebpChunks<'a> {
    pub(super) fn of(file: &'a [u8]) -> Self {
        let mut found = Self::default();
        let mut rest = file.get(12..).unwrap_or_default();
        while let Some(head) = rest.get(..8) {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let Some(end) = usize::try_from(length)
                .ok()
                .and_then(|length| length.checked_add(8))
            else {
                break;
            };
            let Some(data) = rest.get(8..end) else { break };
            match &head[..4] {
                b"EXIF" => found.exif = found.exif.or(Some(data)),
                b"ICCP" => found.profile = found.profile.or(Some(data)),
                b"ANIM" | b"ANMF" => found.is_animated = true,
                b"ALPH" => found.has_alpha_chunk = true,
                b"VP8L" => found.is_lossless = true,
                _ => (),
            }
            rest = rest.get(end + end % 2..).unwrap_or_default();
        }
        found
    }

    pub(super) fn profile(&self) -> Option<Vec<u8>> {
        bounded(self.profile?.to_vec())
    }

    /// Bytes that `image-webp` takes for each pixel beside the picture: a frame and its planes, the
    /// planes and unpacked transparency, all channels of a lossless picture, or planes alone.
    pub(super) fn bytes_per_pixel(&self) -> u64 {
        if self.is_animated {
            12
        } else if self.has_alpha_chunk {
            8
        } else if self.is_lossless {
            5
        } else {
            2
        }
    }
}

/// A profile that is not too large.
pub(super) fn bounded(profile: Vec<u8>) -> Option<Vec<u8>> {
    (profile.len() as u64 <= MAX_PROFILE).then_some(profile)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(90, 60)
            .write_to(&mut file, format)
            .unwrap();
        file.into_inner()
    }

    #[test]
    fn a_jpeg_tells_its_size() {
        let head = jpeg_head(&encoded(ImageFormat::Jpeg)).unwrap();
        assert_eq!((head.width, head.height, head.coefficients), (90, 60, 0));

        assert_eq!(jpeg_head(&encoded(ImageFormat::Png)), None);
        assert_eq!(jpeg_head(&[0xff, 0xd8, 0xff]), None);
    }

    #[test]
    fn a_progressive_jpeg_takes_two_bytes_for_each_sample() {
        let mut jpeg = encoded(ImageFormat::Jpeg);
        let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[at + 1] = 0xc2;

        let head = jpeg_head(&jpeg).unwrap();

        assert!(head.coefficients >= 2 * 90 * 60 * 3 / 2, "{head:?}");
        assert!(head.coefficients <= 2 * 96 * 64 * 3, "{head:?}");
    }

    #[test]
    fn a_jpeg_of_endless_scans_is_none() {
        let mut jpeg = encoded(ImageFormat::Jpeg);
        jpeg.extend([0xff, 0xda].repeat(MAX_SCANS));

        assert_eq!(jpeg_head(&jpeg), None);
    }

    #[test]
    fn chunks_that_lie_about_their_length_end_the_search() {
        let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x02\0\0\0ab".to_vec();
        webp.extend(b"EXIF\xff\xff\xff\xff");

        assert!(WebpChunks::of(&webp).exif.is_none());
        assert_eq!(png_profile(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiCCP"), None);
    }
}
