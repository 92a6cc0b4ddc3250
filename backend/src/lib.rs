//! The Latchkey server: the site, its API, and the embedded Altogic.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                          ^^^^^^^^^^^^^^^^^^^^^^^^   ^^^^^^^^^^^^^^^^^^^^^^^^^
//!                          altogic/, routes/          embedded/, only without ALTOGIC_ENV_URL
//! ```

mod altogic;
mod client_address;
mod common_password;
pub mod config;
mod cookies;
mod cross_site;
mod device_cookie;
mod drain;
pub mod embedded;
mod error;
mod extract;
mod flow_cookie;
mod front;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzzing;
mod headers;
mod keyed_limiter;
mod pages;
mod picture;
mod rate_limit;
mod readiness;
mod request_id;
mod routes;
mod server;
mod session_cookie;
pub mod settings;
mod signing_key;
mod site;
mod start;
mod state;

pub use config::{Config, Settings};
pub use picture::{HELPER_ARGUMENT, run_helper};
pub use server::ServerLimits;
pub use start::{Running, start, start_altogic};
