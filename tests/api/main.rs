//! The backend over HTTP: every route of the contract, what it gives and what it refuses.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod altogic_away;
mod altogic_elsewhere;
mod altogic_patience;
mod auth_redirect;
mod avatar;
mod change_email;
mod change_password;
mod cookies;
mod delete_account;
mod embedded_calls;
mod every_route;
mod magic_link;
mod overload;
mod page_forms;
mod pages;
mod password_queue;
mod profile;
mod readiness;
mod reset_password;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod slow_clients;
mod takeover;
mod verify_email;

/// A password that every rule accepts.
const PASSWORD: &str = "correct horse battery";
