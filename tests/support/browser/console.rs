//! [`Console`]: what Chromium may report during a story.

use std::sync::Mutex;

use thirtyfour::BrowserLogEntry;

/// The failures that a story expects.
#[derive(Default)]
pub(super) struct Console {
    /// How an address may end, and what then may be said about it.
    allowed: Mutex<Vec<(String, String)>>,
}

impl Console {
    pub(super) fn allow(&self, status: u16, path: &str) {
        self.push(path, format!("with a status of {status} "));
    }

    pub(super) fn allow_failure(&self, ending: &str) {
        self.push(ending, "net::ERR_".to_owned());
    }

    fn push(&self, ending: &str, what: String) {
        let mut allowed = self.allowed.lock().expect("nothing panics while it is held");
        allowed.push((ending.to_owned(), what));
    }

    /// Panics with every entry that was not allowed.
    pub(super) fn check(&self, entries: &[BrowserLogEntry]) {
        let unexpected: Vec<String> = entries
            .iter()
            .filter(|entry| is_error(entry) && !self.is_allowed(&entry.message))
            .map(|entry| format!("{} {}", entry.level, entry.message))
            .collect();
        assert!(
            unexpected.is_empty(),
            "the console shows:\n{}",
            unexpected.join("\n")
        );
    }

    /// Chromium writes `URL - Failed to load resource: the server responded with a status of 401 (…)`.
    fn is_allowed(&self, message: &str) -> bool {
        let (url, said) = message.split_once(" - ").unwrap_or((message, ""));
        let allowed = self.allowed.lock().expect("nothing panics while it is held");
        allowed
            .iter()
            .any(|(ending, what)| url.ends_with(ending) && said.contains(what))
    }
}

fn is_error(entry: &BrowserLogEntry) -> bool {
    entry.level == "SEVERE" || entry.source.as_deref() == Some("security")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &str) -> BrowserLogEntry {
        BrowserLogEntry {
            level: "SEVERE".to_owned(),
            message: message.to_owned(),
            timestamp: 0,
            source: Some("network".to_owned()),
        }
    }

    const REFUSED: &str = "http://localhost:1/api/sign-in - Failed to load resource: \
         the server responded with a status of 401 (Unauthorized)";

    #[test]
    fn only_the_allowed_status_on_the_allowed_path_passes() {
        let console = Console::default();
        console.allow(401, "/api/sign-in");

        console.check(&[entry(REFUSED)]);

        for other in [
            REFUSED.replace("401", "500"),
            REFUSED.replace("sign-in", "profile"),
        ] {
            assert!(!console.is_allowed(&other), "{other}");
        }
    }

    #[test]
    #[should_panic(expected = "status of 401")]
    fn nothing_passes_by_itself() {
        Console::default().check(&[entry(REFUSED)]);
    }
}
