//! `POST /api/verify-email`: mails the verification link again, if the address waits for it.

pub use crate::magic_link::{Form, Request, Response};

/// The route.
pub const PATH: &str = "/api/verify-email";
