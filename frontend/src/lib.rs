//! The Latchkey site.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//! ^^^^^^^^^^^ in the browser
//! ```
//!
//! A page owns its data and calls a function of [`api`]; components get values and tell the page
//! through a callback. Everything that only a browser can do is in [`browser`].
//!
//! With the feature `csr` this is the app; with `ssr` the server renders the same components, so
//! that a page is there before the app is ([`Posted`] says what the app then goes on from).

// Rendered on the server, the types of whole pages stand inside each other.
#![recursion_limit = "256"]

pub mod api;
pub mod browser;
pub mod components;
pub mod pages;
pub mod words;

mod app;
mod current_user;
mod error;
mod handed_on;
mod json;
mod later;
mod news;
mod picture;
mod place;
mod posted;
#[cfg(feature = "ssr")]
pub mod render;
mod submission;
mod upload;

pub use app::{App, starts_later};
pub use current_user::{Access, CurrentUser};
pub use error::{Error, NO_COOKIES};
pub use handed_on::HandedOn;
pub use later::{Later, Part};
pub use news::News;
pub use place::Place;
pub use posted::{Outcome, Posted};
pub use submission::{Refusal, Submission};
