//! [`Mail`]: what lies in the outbox.

use serde::Deserialize;

/// A mail as `/outbox.json` shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// The receiver's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The addresses in it, in their order.
    pub links: Vec<String>,
}

impl Mail {
    /// The link that the mail is about.
    ///
    /// # Panics
    /// When it has none.
    pub fn link(&self) -> &str {
        self.links
            .first()
            .unwrap_or_else(|| panic!("no link in the mail {self:?}"))
    }
}
