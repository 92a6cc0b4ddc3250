//! `PUT` and `DELETE /api/avatar`: the user's picture.

pub use crate::profile::Response;

/// The route.
pub const PATH: &str = "/api/avatar";

/// The multipart part that holds the picture.
pub const PART: &str = "file";

/// The largest picture that is taken, in bytes (8 MiB).
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The media types that are taken; of a GIF the first frame.
pub const MEDIA_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// The longest side of a kept picture, in pixels: 96 CSS pixels on a screen of 2.7 times that.
pub const SIDE: u32 = 256;
