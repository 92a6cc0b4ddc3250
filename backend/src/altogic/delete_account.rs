//! `POST db/object/delete` on the user's own record, after the password was proved.

use axum::http::Method;
use serde_json::json;
use shared::{Email, User, delete_account::Request, sign_in};

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

impl Altogic {
    /// Deletes the session's user, who has this address, if the password is theirs.
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
        user: User,
        email: Email,
        request: Request,
    ) -> Result<(), Error> {
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
