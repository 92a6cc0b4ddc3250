//! `PUT` and `DELETE /api/avatar`: the user's picture.

pub use crate::profile::Response;

/// The route.
pub const PATH: &str = "/api/avatar";

/// The multipart part that holds the picture.
pub const PART: &str = "file";

/// The largest picture that is taken, in bytes (8 MiB).
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What file pickers offer: the types that are taken (of a GIF the first frame), and the endings of
/// their files, for systems that have other names for the types.
pub const ACCEPTED: &str = "image/png,image/jpeg,image/webp,image/gif,.png,.jpg,.jpeg,.webp,.gif";

/// How many bytes of a file tell what it is.
pub const HEAD_BYTES: usize = 16;

/// Whether a file that begins like this can be of a type that is taken. What a system calls the
/// file does not matter: some say `image/jpg`, others nothing.
pub fn is_picture(head: &[u8]) -> bool {
    let is_webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let starts: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"];
    is_webp || starts.iter().any(|start| head.starts_with(start))
}

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
    fn a_picture_is_known_by_its_first_bytes() {
        for head in [
            &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0",
            b"GIF89a\x01\0\x01\0",
            b"RIFF\x24\0\0\0WEBPVP8 ",
        ] {
            assert!(is_picture(head), "{head:?}");
        }
        for head in [
            &b""[..],
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"<svg xmlns=",
            b"%PDF-1.7",
            b"\x89PNG",
        ] {
            assert!(!is_picture(head), "{head:?}");
        }
    }

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
