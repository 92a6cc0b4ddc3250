//! [`Submission`]: a form's way to the server.

use std::pin::Pin;

use leptos::{prelude::*, task::spawn_local};

use crate::{Error, browser, components::ERROR_SUMMARY};

type Work = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Whether a form is on its way, and why it came back; shared by its fields, its messages and its
/// button.
#[derive(Clone, Copy)]
pub struct Submission {
    fields: &'static [&'static str],
    pending: RwSignal<bool>,
    refused: RwSignal<Vec<(&'static str, String)>>,
    failure: RwSignal<Option<Error>>,
}

impl Submission {
    /// A form with these fields, in the order of the screen. A field's name is its element's id.
    pub fn new(fields: &'static [&'static str]) -> Self {
        Self {
            fields,
            pending: RwSignal::new(false),
            refused: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
        }
    }

    /// Does the work, unless some is under way. Then shows why it failed, and moves the focus to
    /// the refused field, or to the summary if there are several.
    pub fn send(self, work: impl Future<Output = Result<(), Error>> + 'static) {
        self.send_boxed(Box::pin(work));
    }

    fn send_boxed(self, work: Work) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        spawn_local(async move {
            let error = work.await.err();
            let refused = error
                .as_ref()
                .map(|error| error.fields(self.fields))
                .unwrap_or_default();
            match refused.as_slice() {
                [] => {}
                [(field, _)] => browser::focus_soon(*field),
                _ => browser::focus_soon(ERROR_SUMMARY),
            }
            self.pending.set(false);
            self.failure.set(error.filter(|_| refused.is_empty()));
            self.refused.set(refused);
        });
    }

    /// Whether the answer is awaited.
    pub fn is_pending(self) -> bool {
        self.pending.get()
    }

    /// Why the form as a whole failed.
    pub fn failure(self) -> Option<Error> {
        self.failure.get()
    }

    /// Whether the form failed for this reason.
    pub fn has_code(self, code: &str) -> bool {
        self.failure
            .with(|failure| failure.as_ref().is_some_and(|error| error.has_code(code)))
    }

    /// The refused fields with their messages, in the order of the screen.
    pub fn refused(self) -> Vec<(&'static str, String)> {
        self.refused.get()
    }

    /// Why this field was refused.
    pub fn refusal(self, field: &str) -> Option<String> {
        self.refused.with(|refused| {
            refused
                .iter()
                .find(|(name, _)| *name == field)
                .map(|(_, message)| message.clone())
        })
    }

    /// Whether anything failed.
    pub fn is_failed(self) -> bool {
        self.failure.with(Option::is_some) || self.refused.with(|refused| !refused.is_empty())
    }

    /// Replaces or takes back the refusal of a field that was refused before.
    pub fn recheck(self, field: &'static str, message: Option<String>) {
        self.refused.update(|refused| {
            if let Some(at) = refused.iter().position(|(name, _)| *name == field) {
                match message {
                    Some(message) => refused[at].1 = message,
                    None => drop(refused.remove(at)),
                }
            }
        });
    }

    /// Forgets what failed.
    pub fn clear(self) {
        self.failure.set(None);
        self.refused.set(Vec::new());
    }
}
