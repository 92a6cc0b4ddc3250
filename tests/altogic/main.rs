//! The embedded server over HTTP: every endpoint's success and each of its refusals.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod audit;
mod audit_events;
mod auth_redirect;
mod buckets;
mod change_email;
mod change_password;
mod cors;
mod drain;
mod erasure;
mod files;
mod keys;
mod left_behind;
mod limits;
mod magic_link;
mod mail;
mod model;
mod outbox;
mod profile;
mod quota;
mod records;
mod reset_password;
mod rest;
mod restart;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod storage;
mod support;
mod takeover;
mod timing;
mod verify_email;
