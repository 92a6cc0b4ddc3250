//! `GET auth/user`, and `POST db/object/update` on the user's own record.

use axum::http::Method;
use serde_json::{Value, json};
use shared::{Name, User};

use super::{Altogic, wire};
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// The session's user.
    ///
    /// # Errors
    /// `invalid_session_token` when the session is over; [`Error::Unavailable`].
    pub async fn profile(&self, caller: &Caller, session: &SessionToken) -> Result<User, Error> {
        let user: wire::User = self
            .read(self.call_as(caller, session, Method::GET, "auth/user"))
            .await?;
        Ok(user.into())
    }

    /// Changes the user's name.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn rename(&self, caller: &Caller, session: &SessionToken, name: &Name) -> Result<User, Error> {
        let user = self.profile(caller, session).await?;
        self.update_user(caller, session, &user.id, json!({ "name": name.as_str() }))
            .await
    }

    /// Changes fields of the user's own record.
    pub(super) async fn update_user(
        &self,
        caller: &Caller,
        session: &SessionToken,
        user_id: &str,
        values: Value,
    ) -> Result<User, Error> {
        let body = json!({
            "values": values,
            "options": { "cache": "nocache", "returnTop": false },
            "id": user_id,
            "model": "users",
        });
        let call = self
            .call_as(caller, session, Method::POST, "db/object/update")
            .json(&body);
        let user: wire::User = self.send(call).await?;
        Ok(user.into())
    }
}
