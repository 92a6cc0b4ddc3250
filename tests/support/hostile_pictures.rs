//! [`bombs`]: pictures that are made to take a server's memory or its time (T-63).

use std::io::{Cursor, Write as _};

use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat};

const MIB: usize = 1024 * 1024;
/// Why nothing in here can fail.
const WRITES: &str = "short files can be written to memory";

fn packed(length: usize) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; MIB];
    for _ in 0..length / MIB {
        packer.write_all(&zeros).expect(WRITES);
    }
    packer.finish().expect(WRITES)
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect(WRITES).to_be_bytes();
    let body = [&kind[..], data].concat();
    let checksum = crc32(&body).to_be_bytes();
    [&length[..], &body, &checksum].concat()
}

fn png(width: u32, height: u32, depth_and_color: [u8; 2], before: &[u8], data: &[u8]) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let head = [&size[..], &depth_and_color, &[0, 0, 0]].concat();
    let signature = &b"\x89PNG\r\n\x1a\n"[..];
    [
        signature,
        &chunk(*b"IHDR", &head),
        before,
        &chunk(*b"IDAT", data),
        &chunk(*b"IEND", &[]),
    ]
    .concat()
}

/// The checksum of PNG chunks (RFC 2083, 15).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Pictures of up to 600 kB that unpack to a multiple of what a server has, each with its name.
///
/// # Panics
/// Never; pictures in memory can be written.
pub fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let pixel = packed(MIB);
    let profile = [&b"icc\0\0"[..], &packed(400 * MIB)].concat();
    let text = [&b"Comment\0\0"[..], &packed(400 * MIB)].concat();
    let mut gif = Cursor::new(Vec::new());
    DynamicImage::new_rgba8(8, 8)
        .write_to(&mut gif, ImageFormat::Gif)
        .expect(WRITES);
    let mut gif = gif.into_inner();
    gif[6..10].copy_from_slice(&[0xe0, 0x2e, 0xe0, 0x2e]);
    let mut jpeg = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(4000, 4000)
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .expect(WRITES);
    vec![
        ("iCCP", png(64, 64, [8, 2], &chunk(*b"iCCP", &profile), &pixel)),
        ("zTXt", png(64, 64, [8, 2], &chunk(*b"zTXt", &text), &pixel)),
        ("16 bits", png(4200, 4200, [16, 6], &[], &packed(135 * MIB))),
        (
            "many pixels",
            png(12_000, 12_000, [8, 6], &[], &packed(550 * MIB)),
        ),
        ("a long side", png(60_000, 60_000, [8, 6], &[], &pixel)),
        ("GIF", gif),
        ("JPEG", jpeg.into_inner()),
        ("WebP trees", webp_of_trees()),
        ("WebP frames", webp_of_frames(10_000)),
        ("65 bytes", huge_in_65_bytes()),
    ]
}

/// A lossless `WebP` of a few hundred kilobytes whose 65,536 groups of Huffman trees unpack to more
/// than a gigabyte (RFC 9649, 6.2.2).
fn webp_of_trees() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x2f, 8);
    bits.put(255, 14);
    bits.put(255, 14);
    // No transparency, version 0, no transform, no colour cache, groups of codes.
    bits.put(0, 1);
    bits.put(0, 3);
    bits.put(0, 1);
    bits.put(0, 1);
    bits.put(1, 1);
    // Blocks of 512 pixels: an entropy image of one pixel, whose red and green are 255.
    bits.put(7, 3);
    bits.put(0, 1);
    for symbol in [255, 255, 0, 0, 0] {
        bits.single(symbol);
    }
    for _ in 0..20_000 {
        for _ in 0..4 {
            bits.deep();
        }
        bits.single(0);
    }
    let data = bits.bytes;
    let length = |bytes: usize| u32::try_from(bytes).expect(WRITES).to_le_bytes();
    [
        &b"RIFF"[..],
        &length(data.len() + 12),
        b"WEBPVP8L",
        &length(data.len()),
        &data,
    ]
    .concat()
}

/// An animated `WebP` of so many frames of one pixel, which claims to be 16,384 pixels wide and
/// high (RFC 9649, 2.7.1).
fn webp_of_frames(count: usize) -> Vec<u8> {
    // No transparency, version 0, no transform, no colour cache, one group of codes of one symbol.
    let mut bits = Bits::default();
    bits.put(0x2f, 8);
    bits.put(0, 14);
    bits.put(0, 14);
    bits.put(0, 1);
    bits.put(0, 3);
    bits.put(0, 1);
    bits.put(0, 1);
    bits.put(0, 1);
    for symbol in [255, 255, 0, 255, 0] {
        bits.single(symbol);
    }
    let side = 16_383_u32.to_le_bytes();
    let extended = [&[2, 0, 0, 0][..], &side[..3], &side[..3]].concat();
    // Where the frame is, how large, how long it is shown, and how it is drawn.
    let frame = [&[0; 12][..], &[10, 0, 0, 0], &riff(*b"VP8L", &bits.bytes)].concat();
    let frames = riff(*b"ANMF", &frame).repeat(count);
    let body = [
        &b"WEBP"[..],
        &riff(*b"VP8X", &extended),
        &riff(*b"ANIM", &[0; 6]),
        &frames,
    ];
    riff(*b"RIFF", &body.concat())
}

/// A chunk of a RIFF file.
fn riff(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect(WRITES).to_le_bytes();
    let padding = &[0][..data.len() % 2];
    [&kind[..], &length, data, padding].concat()
}

/// A PNG that claims four gigapixels.
fn huge_in_65_bytes() -> Vec<u8> {
    let mut file = png(
        65_535,
        65_535,
        [8, 6],
        &[],
        &[0x78, 0x9c, 0x63, 0, 0, 0, 0, 0, 0xff],
    );
    file.truncate(65);
    file
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if value >> at & 1 == 1 {
                *self.bytes.last_mut().expect(WRITES) |= 1 << (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// A code of one symbol.
    fn single(&mut self, symbol: u32) {
        self.put(1, 1);
        self.put(0, 1);
        self.put(1, 1);
        self.put(symbol, 8);
    }

    /// A code whose longest words have ten bits, so that its table has 1,024 entries.
    fn deep(&mut self) {
        self.put(0, 1);
        // How long the words for the lengths 17, 18, 0 to 5, 16 and 6 to 10 are.
        self.put(14 - 4, 4);
        for length in [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3] {
            self.put(length, 3);
        }
        // Eleven lengths follow; the other symbols have none.
        self.put(1, 1);
        self.put(1, 3);
        self.put(11 - 2, 4);
        for length in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10] {
            // The words are 000 for 9 and 001 for 10, then 0100 for 0 and so on.
            let (word, bits) = if length >= 9 {
                (length - 9, 3)
            } else {
                (4 + length, 4)
            };
            for at in (0..bits).rev() {
                self.put(word >> at & 1, 1);
            }
        }
    }
}
