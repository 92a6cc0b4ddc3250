//! What the load sends: requests as a browser on our own pages writes them.

use crate::load::Request;

/// Who sends it.
pub(crate) struct Sender<'a> {
    pub(crate) address: &'a str,
    pub(crate) public_url: &'a str,
    /// The session's token, for a signed-in browser.
    pub(crate) session: Option<&'a str>,
}

impl Sender<'_> {
    pub(crate) fn get(&self, path: &str) -> Request {
        format!("{}\r\n", self.head("GET", path)).into()
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Request {
        self.send_as("application/json", method, path, body)
    }

    /// The same with another media type.
    pub(crate) fn send_as(&self, media_type: &str, method: &str, path: &str, body: &str) -> Request {
        let length = body.len();
        let head = self.head(method, path);
        format!("{head}content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}").into()
    }

    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Request {
        let form = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        self.send("POST", shared::sign_in::PATH, &form)
    }

    fn head(&self, method: &str, path: &str) -> String {
        let cookie = self
            .session
            .map(|token| format!("cookie: session_token={token}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\norigin: {}\r\nsec-fetch-site: same-origin\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
             accept-encoding: gzip, deflate, br, zstd\r\n{}",
            self.address,
            self.public_url,
            cookie.unwrap_or_default(),
        )
    }
}
