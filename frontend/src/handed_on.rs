//! [`HandedOn`]: what one page hands on to the next, in memory and nowhere else.

use leptos::prelude::*;

use crate::{browser, components::Sent};

/// What the next page need not ask for again; given as context.
#[derive(Clone, Copy)]
pub struct HandedOn {
    /// The address typed on the way in.
    pub email: RwSignal<String>,
    /// The secret of the mail link that allows a new password, until it is used.
    pub access_token: StoredValue<Option<String>>,
    /// The mail that was sent last, and the page that sent it.
    pub mailed: StoredValue<Option<(&'static str, Sent)>>,
}

impl HandedOn {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            email: RwSignal::new(String::new()),
            access_token: StoredValue::new(None),
            mailed: StoredValue::new(None),
        }
    }

    /// Forgets whose browser this was.
    pub fn forget(self) {
        self.email.set(String::new());
        self.mailed.set_value(None);
        browser::keep_mailed("");
    }
}

impl Default for HandedOn {
    fn default() -> Self {
        Self::new()
    }
}
