//! The parts that pages are made of. They get values and tell their page through a callback.

mod avatar;
mod avatar_editor;
mod check_mail;
mod error_message;
mod error_summary;
mod field;
mod header;
mod heading;
mod icon;
mod mail_form;
mod rename;
mod sessions;
mod sign_out;
mod skeleton;
mod submit_button;
mod way_in;

pub use avatar::Avatar;
pub use avatar_editor::AvatarEditor;
pub use check_mail::{CheckMail, Mail};
pub use error_message::ErrorMessage;
pub use error_summary::{ERROR_SUMMARY, ErrorSummary};
pub use field::Field;
pub use header::Header;
pub use heading::{FirstHeading, Heading};
pub use icon::{Drawing, Icon};
pub use mail_form::{MailForm, email_problem};
pub use rename::{Rename, name_problem};
pub use sessions::Sessions;
pub use sign_out::SignOut;
pub use skeleton::Skeleton;
pub use submit_button::SubmitButton;
pub use way_in::{WayIn, use_return_to};
