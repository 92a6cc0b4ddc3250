//! [`Posted`]: what a page answers that was asked for with a form, without the app.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::ApiError;

use crate::Error;

/// The id of the element that hands the [`Outcome`] on to the app, as JSON.
pub const OUTCOME_ID: &str = "outcome";

/// How a form fared that the browser sent by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was refused.
    Refused {
        /// What the server said.
        error: ApiError,
        /// `Retry-After`, in seconds, where the server named one.
        retry_after_seconds: Option<u32>,
    },
    /// A mail is on its way.
    Mailed {
        /// To this address.
        to: String,
    },
    /// It is done, and the page says so.
    Done,
}

/// What the page starts with: what was typed before the app was there, and what became of it.
/// Given as context; each part is taken by the first component that asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Posted(StoredValue<Parts>);

#[derive(Clone, Debug, Default)]
struct Parts {
    typed: Vec<(String, String)>,
    refusal: Option<Error>,
    mailed_to: Option<String>,
    done: bool,
}

impl Posted {
    /// What was typed, by the field's name, and how it fared if it was sent.
    pub fn new(typed: Vec<(String, String)>, outcome: Option<Outcome>) -> Self {
        let mut parts = Parts {
            typed,
            ..Parts::default()
        };
        match outcome {
            Some(Outcome::Refused {
                error,
                retry_after_seconds,
            }) => {
                parts.refusal = Some(Error::Api {
                    error,
                    retry_after_seconds,
                });
            }
            Some(Outcome::Mailed { to }) => parts.mailed_to = Some(to),
            Some(Outcome::Done) => parts.done = true,
            None => {}
        }
        Self(StoredValue::new(parts))
    }

    /// What was typed into a field.
    pub fn take_typed(self, field: &str) -> Option<String> {
        let typed = self.take(|parts| {
            let at = parts.typed.iter().position(|(name, _)| name == field)?;
            Some(parts.typed.swap_remove(at).1)
        });
        typed.filter(|typed| !typed.is_empty())
    }

    /// Why the form came back.
    pub fn take_refusal(self) -> Option<Error> {
        self.take(|parts| parts.refusal.take())
    }

    /// Whether the form came back for this reason.
    pub fn is_refused_for(self, code: &str) -> bool {
        self.0
            .with_value(|parts| parts.refusal.as_ref().is_some_and(|error| error.has_code(code)))
    }

    /// Where a mail went.
    pub fn take_mailed(self) -> Option<String> {
        self.take(|parts| parts.mailed_to.take())
    }

    /// Whether the form has done its work.
    pub fn take_done(self) -> bool {
        self.take(|parts| Some(std::mem::take(&mut parts.done)))
            .unwrap_or_default()
    }

    fn take<T>(self, part: impl FnOnce(&mut Parts) -> Option<T>) -> Option<T> {
        self.0.try_update_value(part).flatten()
    }
}
