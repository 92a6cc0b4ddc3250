//! [`Change`]: what the calls change of a bucket and of a file alike.

use serde_json::json;

use super::super::errors::Result;
use super::request::{self, Body};

/// A change of name, privacy or tags.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// All three, as far as they are given.
    Edit,
    MakePublic,
    MakePrivate,
    AddTags,
    RemoveTags,
}

impl Change {
    /// Applies it with what the call says.
    ///
    /// # Errors
    /// 400 `validation_error`.
    pub(super) fn apply(
        self,
        body: &Body,
        name: &mut String,
        is_public: &mut bool,
        tags: &mut Vec<String>,
    ) -> Result<()> {
        match self {
            Self::Edit => {
                if !body.new_name.is_null() {
                    *name = request::name("newName", &body.new_name)?;
                }
                if !body.tags.is_null() {
                    *tags = request::tags(&body.tags)?;
                }
                *is_public = body.is_public.unwrap_or(*is_public);
            }
            Self::MakePublic => *is_public = true,
            Self::MakePrivate => *is_public = false,
            Self::AddTags => {
                for tag in request::tags(&body.tags)? {
                    if !tags.contains(&tag) {
                        tags.push(tag);
                    }
                }
                request::tags(&json!(tags))?;
            }
            Self::RemoveTags => {
                let removed = request::tags(&body.tags)?;
                tags.retain(|tag| !removed.contains(tag));
            }
        }
        Ok(())
    }
}
