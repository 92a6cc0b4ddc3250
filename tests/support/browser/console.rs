//! [`Console`]: what Chromium may report during a story.

use std::sync::{Mutex, MutexGuard};

use thirtyfour::BrowserLogEntry;

/// The failures that a story expects.
#[derive(Default)]
pub(super) struct Console {
    /// Parts of a message that together make it an expected one.
    allowed: Mutex<Vec<[String; 2]>>,
}

impl Console {
    /// Chromium writes `URL - Failed to load resource: the server responded with a status of 401 (…)`.
    pub(super) fn allow(&self, status: u16, path: &str) {
        self.push([format!("{path} - "), format!("with a status of {status} ")]);
    }

    pub(super) fn allow_text(&self, text: &str) {
        self.push([text.to_owned(), String::new()]);
    }

    fn push(&self, parts: [String; 2]) {
        self.allowed().push(parts);
    }

    fn allowed(&self) -> MutexGuard<'_, Vec<[String; 2]>> {
        self.allowed.lock().expect("nothing panics while it is held")
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

    fn is_allowed(&self, message: &str) -> bool {
        let allowed = self.allowed();
        allowed
            .iter()
            .any(|parts| parts.iter().all(|part| message.contains(part)))
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
