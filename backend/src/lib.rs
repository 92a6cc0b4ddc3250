//! The Latchkey server.

pub mod embedded;
