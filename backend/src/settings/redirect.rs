//! `REDIRECT_URL`: where mail links end, with the access token in the query.

use url::Url;

use super::Expected;
use crate::config::is_loopback;

/// Schemes of browsers and of other programs on a device, which are no app's own.
const NOT_AN_APP: [&str; 24] = [
    "about",
    "blob",
    "chrome",
    "chrome-extension",
    "content",
    "data",
    "edge",
    "facetime",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "resource",
    "sms",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "x-javascript",
];

/// An address of the web, or of an app on a telephone (`myapp://…`). Which of them fit the program
/// is asked later ([`is_web`]).
pub(crate) fn redirect_url(text: &str) -> Result<Url, Expected> {
    let text = text.trim();
    let no_url = Expected("an address such as https://app.example.com/auth-redirect");
    let url = Url::parse(text).map_err(|_| no_url)?;
    if !url.username().is_empty() || url.password().is_some() || !url.has_host() {
        return Err(no_url);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(Expected(
            "https://…; plain http is for localhost only, because the address carries a secret",
        )),
        scheme if NOT_AN_APP.contains(&scheme) => Err(no_url),
        // Without a host it could be anything that a program on the device obeys.
        _ if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        _ => Err(no_url),
    }
}

/// Whether it is a page, and not an app's own scheme.
pub(crate) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_links_end_at_a_page_or_in_an_app_and_never_in_a_script() {
        for text in [
            "https://app.example.com/auth-redirect?lang=en",
            "http://localhost:5173/auth-redirect",
            "http://127.0.0.1:5173/",
            "http://[::1]:5173/",
            "altogic://auth",
            "com.example.app://auth",
        ] {
            assert!(redirect_url(text).is_ok(), "{text}");
        }
        for text in [
            "javascript:alert(1)",
            "JavaScript://a.example/%0aalert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "data://a.example/x",
            "vbscript:x",
            "blob:https://a.example/x",
            "file:///etc/passwd",
            "about:blank",
            "http://app.example.com/auth-redirect",
            "https://user:password@app.example.com/",
            "//app.example.com/",
            "app.example.com",
            "myapp:",
            "mailto:a@b.c",
        ] {
            assert!(redirect_url(text).is_err(), "{text}");
        }
    }
}
