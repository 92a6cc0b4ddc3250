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

/// The longest side of its small copy, in pixels: 96 CSS pixels on a screen of as many.
pub const SMALL_SIDE: u32 = 96;

/// The addresses of a user's picture, and of its small copy if there is one.
///
/// Altogic keeps one address. The copy's is its fragment, which no client sends, so that the whole
/// is the picture's address for everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies<'a> {
    /// At most [`SIDE`] wide.
    pub picture: &'a str,
    /// At most [`SMALL_SIDE`] wide.
    pub small: Option<&'a str>,
}

impl<'a> Copies<'a> {
    /// Reads them from [`User::profile_picture`](crate::User::profile_picture).
    pub fn of(address: &'a str) -> Self {
        let (picture, fragment) = address.split_once('#').unwrap_or((address, ""));
        // Another application's fragment is none of ours.
        let small = fragment.starts_with("http").then_some(fragment);
        Self { picture, small }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_copy_or_two() {
        let copies = |address| {
            let Copies { picture, small } = Copies::of(address);
            (picture, small)
        };

        assert_eq!(copies("https://a/1"), ("https://a/1", None));
        assert_eq!(
            copies("https://a/1#https://a/2"),
            ("https://a/1", Some("https://a/2"))
        );
        assert_eq!(copies("https://a/1#top"), ("https://a/1", None));
    }
}
