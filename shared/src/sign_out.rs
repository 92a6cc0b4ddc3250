//! `POST /api/sign-out`: ends the asking browser's session; 204, also when there was none.

/// The route.
pub const PATH: &str = "/api/sign-out";
