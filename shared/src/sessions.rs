//! `GET /api/sessions`, `DELETE /api/sessions` and `DELETE /api/sessions/{id}`: the signed-in
//! browsers of the user.

use serde::{Deserialize, Serialize};

use crate::{Session, SessionId};

/// The route of the list; `DELETE` ends all but the asking browser's session.
pub const PATH: &str = "/api/sessions";

/// The route of one session, `{id}` left open.
pub const ITEM_PATH: &str = "/api/sessions/{id}";

/// The path of one session.
pub fn item_path(id: &SessionId) -> String {
    ITEM_PATH.replace("{id}", id.as_str())
}

/// All sessions of the user, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// The sessions.
    pub sessions: Vec<Session>,
}
