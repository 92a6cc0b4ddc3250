//! `GET auth/sessions`, `POST auth/signout` with another session's token, and
//! `POST auth/signout-all-except`.

use axum::http::Method;
use serde_json::json;
use shared::{Session, SessionId};
use subtle::ConstantTimeEq;

use super::{Altogic, wire};
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// All sessions of the user, newest first; the tokens stay here.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn sessions(&self, caller: &Caller, session: &SessionToken) -> Result<Vec<Session>, Error> {
        let sessions = self.sessions_with_tokens(caller, session).await?;
        let mut sessions: Vec<Session> = sessions.into_iter().map(|other| other.seen_by(session)).collect();
        sessions.sort_by(|a, b| b.created_at.cmp(&a.created_at));
        Ok(sessions)
    }

    /// Ends the session that `id` names among the user's own.
    ///
    /// # Errors
    /// 404 when the user has no such session; as [`Altogic::profile`].
    pub async fn end_session(
        &self,
        caller: &Caller,
        session: &SessionToken,
        id: &SessionId,
    ) -> Result<(), Error> {
        let sessions = self.sessions_with_tokens(caller, session).await?;
        let named = |other: &wire::Session| {
            other
                .id()
                .as_str()
                .as_bytes()
                .ct_eq(id.as_str().as_bytes())
                .into()
        };
        let Some(other) = sessions.into_iter().find(named) else {
            return Err(Error::not_found(
                "There is no such session. It may have ended already.",
            ));
        };
        let call = self
            .call_as(caller, session, Method::POST, "auth/signout")
            .json(&json!({ "token": other.token }));
        self.send_for_nothing(call).await
    }

    /// Ends all sessions of the user but the calling one.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn end_other_sessions(&self, caller: &Caller, session: &SessionToken) -> Result<(), Error> {
        self.send_for_nothing(self.call_as(caller, session, Method::POST, "auth/signout-all-except"))
            .await
    }

    async fn sessions_with_tokens(
        &self,
        caller: &Caller,
        session: &SessionToken,
    ) -> Result<Vec<wire::Session>, Error> {
        self.read(self.call_as(caller, session, Method::GET, "auth/sessions"))
            .await
    }
}
