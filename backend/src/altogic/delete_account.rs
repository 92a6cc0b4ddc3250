//! `POST db/object/delete` on the user's own record, after the password was proved.

use axum::http::{Method, StatusCode};
use serde_json::json;
use shared::{Email, delete_account::Request, sign_in};

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// Deletes the session's user, if the password is theirs.
    ///
    /// Altogic has no call that checks a password, so it is proved by a sign-in whose session is
    /// ended at once.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong password; as [`Altogic::profile`].
    pub async fn delete_account(
        &self,
        caller: &Caller,
        session: &SessionToken,
        request: Request,
    ) -> Result<(), Error> {
        let user = self.profile(caller, session).await?;
        let email = Email::try_from(user.email).map_err(|_| {
            Error::Unavailable(
                StatusCode::BAD_GATEWAY,
                anyhow::anyhow!("the user has no mail address"),
            )
        })?;
        let proof = sign_in::Request {
            email,
            password: request.password,
        };
        let proved = self.sign_in(caller, &proof).await?;
        self.sign_out(caller, &proved.token).await?;

        self.remove_avatar_files(caller, session, user.profile_picture)
            .await;
        let body = json!({
            "options": { "removeFromCache": true, "returnTop": false },
            "id": user.id,
            "model": "users",
        });
        self.send_for_nothing(
            self.call_as(caller, session, Method::POST, "db/object/delete")
                .json(&body),
        )
        .await
    }
}
