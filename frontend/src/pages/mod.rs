//! The pages; `app.rs` says which path shows which.

mod auth_redirect;
mod forgot_password;
mod index;
mod link_password;
mod magic_link;
mod not_found;
#[cfg(feature = "ssr")]
mod plain_profile;
mod profile;
mod reset_password;
mod security;
mod sign_in;
mod sign_up;
mod unreachable;
mod verify_email;

pub use auth_redirect::AuthRedirect;
pub use forgot_password::ForgotPassword;
pub use index::Index;
pub use magic_link::MagicLink;
pub use not_found::NotFound;
#[cfg(feature = "ssr")]
pub use plain_profile::{PlainProfile, PlainTrouble};
pub use profile::Profile;
pub use reset_password::ResetPassword;
pub use security::Security;
pub use sign_in::SignIn;
pub use sign_up::SignUp;
pub use unreachable::Unreachable;
pub use verify_email::VerifyEmail;
