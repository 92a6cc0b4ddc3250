//! [`ReturnTo`]: where a visitor goes after signing in, and never off our site.

/// A path on our own site, with its query: starts with one `/`, holds no backslash, no control
/// character and no space (SECURITY-BAR T-23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a path that stays on our site; `None` for anything else.
    pub fn new(path: &str) -> Option<Self> {
        // Browsers read `\` as `/`, drop tabs and line breaks, and take `//host` for another site.
        let stays = path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
        // `/./` and `/../` could be folded into `//host` by a reader less careful than a browser.
        let folded = path
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .split('/')
            .skip(1)
            .any(|part| {
                let part = part.to_ascii_lowercase().replace("%2e", ".");
                part == "." || part == ".."
            });
        (stays && !folded).then(|| Self(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_are_kept_with_their_query() {
        for path in [
            "/",
            "/profile",
            "/profile?a=b&c=%2F",
            "/security#sessions",
            "/a//b",
            "/@e",
        ] {
            assert_eq!(ReturnTo::new(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn everything_that_could_leave_the_site_is_refused() {
        for path in [
            "",
            "profile",
            "//e",
            "///e",
            "/\\e",
            "\\\\e",
            "\\/e",
            "https:e",
            "https://e",
            "//us@e",
            "https://us@e",
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,x",
            "@e",
            " /profile",
            "/\t/e",
            "/\n/e",
            "/\r/e",
            "/pro\0file",
            "/a b",
            "\t//e",
            "/.//e",
            "/..//e",
            "/%2e//e",
            "/%2E%2e//e",
            "/a/../b",
            "mailto:a@b.c",
            "?x",
            "#x",
            "http:/e",
            "／／e",
            "/\u{a0}/e",
            "/\u{2028}e",
            "/a\\b",
            "\u{feff}//e",
            "blob:x",
            "file:///etc",
            "ftp://e",
            "/./e",
        ] {
            assert_eq!(ReturnTo::new(path), None, "{path:?}");
        }
    }
}
