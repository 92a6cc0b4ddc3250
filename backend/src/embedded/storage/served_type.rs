//! The media type under which a file is served to browsers.

/// Types that a page can load to run or to be styled by. Stored files share their origin with the
/// app's pages, so none of them may be one of these there.
const ACTIVE: [&str; 4] = ["text/css", "text/xsl", "application/wasm", "application/xslt+xml"];
/// Parts of the names of JavaScript's types (WHATWG MIME Sniffing, "JavaScript MIME type", and their
/// relatives of other browsers).
const SCRIPTS: [&str; 6] = [
    "javascript",
    "ecmascript",
    "jscript",
    "livescript",
    "typescript",
    "vbscript",
];

/// The type of a stored file as browsers get it: what could be a script, a module, a worker or a
/// style sheet is plain text. With `nosniff` they then refuse to use it as one.
pub(super) fn served_type(stored: &str) -> &str {
    let essence = stored
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let active = ACTIVE.contains(&essence.as_str()) || SCRIPTS.iter().any(|part| essence.contains(part));
    if active {
        "text/plain; charset=utf-8"
    } else {
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_or_style_is_plain_text() {
        for stored in [
            "application/ecmascript",
            "application/javascript",
            "application/x-ecmascript",
            "application/x-javascript",
            "text/ecmascript",
            "text/javascript",
            "text/javascript1.5",
            "text/jscript",
            "text/livescript",
            "text/x-ecmascript",
            "text/x-javascript",
            "Text/JavaScript ; charset=utf-8",
            "text/css",
            "application/wasm",
        ] {
            assert_eq!(served_type(stored), "text/plain; charset=utf-8", "{stored}");
        }
        for stored in [
            "image/png",
            "image/svg+xml",
            "text/html",
            "application/json",
            "text/plain",
        ] {
            assert_eq!(served_type(stored), stored);
        }
    }
}
