//! `POST storage/bucket/upload-formdata` and `storage/delete-file`: the user's picture.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::User;

use super::Altogic;
use crate::{error::Error, extract::Caller, session_cookie::SessionToken};

/// Altogic's built-in public bucket.
const BUCKET: &str = "root";

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(rename = "publicPath")]
    public_path: String,
}

impl Altogic {
    /// Stores a WebP picture under a new random name, makes it the user's, and removes the one
    /// before.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn set_avatar(
        &self,
        caller: &Caller,
        session: &SessionToken,
        webp: Vec<u8>,
    ) -> Result<User, Error> {
        let user = self.profile(caller, session).await?;
        let name = format!("avatar-{}.webp", random_name());
        let part = Part::bytes(webp)
            .file_name(name.clone())
            .mime_str("image/webp")
            .expect("a media type");
        let options = json!({ "contentType": "image/webp", "createBucket": false, "isPublic": true, "tags": ["avatar"] });
        let upload = self
            .call_as(caller, session, Method::POST, "storage/bucket/upload-formdata")
            .query(&[
                ("bucket", BUCKET),
                ("fileName", &name),
                ("options", &options.to_string()),
            ])
            .multipart(Form::new().part("file", part));
        let file: File = self.send(upload).await?;

        let updated = self
            .update_user(
                caller,
                session,
                &user.id,
                json!({ "profilePicture": file.public_path }),
            )
            .await;
        // Whatever the user does not show must not stay behind.
        let unused = if updated.is_ok() {
            user.profile_picture
        } else {
            Some(file.public_path)
        };
        self.remove_file(caller, session, unused).await;
        updated
    }

    /// Takes the user's picture away.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn remove_avatar(&self, caller: &Caller, session: &SessionToken) -> Result<User, Error> {
        let user = self.profile(caller, session).await?;
        if user.profile_picture.is_none() {
            return Ok(user);
        }
        let values = json!({ "profilePicture": Value::Null });
        let updated = self.update_user(caller, session, &user.id, values).await?;
        self.remove_file(caller, session, user.profile_picture).await;
        Ok(updated)
    }

    /// Removes a file of Altogic's storage. A failure leaves an orphan, which is no reason to tell
    /// the user that the change failed.
    pub(super) async fn remove_file(&self, caller: &Caller, session: &SessionToken, url: Option<String>) {
        let Some(url) = url.filter(|url| url.contains("/_storage/")) else {
            return;
        };
        let call = self
            .call_as(caller, session, Method::POST, "storage/delete-file")
            .json(&json!({ "fileUrl": url }));
        if let Err(error) = self.send_for_nothing(call).await {
            tracing::warn!(?error, "an unused avatar stays in the storage");
        }
    }
}

fn random_name() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}
