//! `POST storage/bucket/upload-formdata` and `storage/delete-file`: the user's picture.

use axum::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::OptionFuture;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{User, avatar::Copies};

use super::Altogic;
use crate::{error::Error, extract::Caller, picture::Avatar, session_cookie::SessionToken};

/// Altogic's built-in public bucket.
const BUCKET: &str = "root";

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(rename = "publicPath")]
    public_path: String,
}

impl Altogic {
    /// Stores an avatar's files under new random names, makes them the user's, and removes those
    /// before.
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn set_avatar(
        &self,
        caller: &Caller,
        session: &SessionToken,
        avatar: Avatar,
    ) -> Result<User, Error> {
        let upload = |webp| self.upload(caller, session, webp);
        let small = OptionFuture::from(avatar.small.map(upload));
        let (user, picture, small) =
            tokio::join!(self.profile(caller, session), upload(avatar.picture), small);
        let small = small.transpose();

        let stored = [
            picture.as_ref().ok(),
            small.as_ref().ok().and_then(Option::as_ref),
        ];
        let stored: Vec<String> = stored.into_iter().flatten().cloned().collect();
        let updated = async {
            let (user, picture, small) = (user?, picture?, small?);
            let address = match small {
                Some(small) => format!("{picture}#{small}"),
                None => picture,
            };
            let values = json!({ "profilePicture": address });
            let updated = self.update_user(caller, session, &user.id, values).await?;
            Ok((updated, user.profile_picture))
        };
        // Whatever the user does not show must not stay behind.
        match updated.await {
            Ok((updated, before)) => {
                self.remove_avatar_files(caller, session, before).await;
                Ok(updated)
            }
            Err(error) => {
                for url in &stored {
                    self.remove_file(caller, session, url).await;
                }
                Err(error)
            }
        }
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
        self.remove_avatar_files(caller, session, user.profile_picture)
            .await;
        Ok(updated)
    }

    /// Removes the files behind a [`User::profile_picture`] that is no longer shown.
    pub(super) async fn remove_avatar_files(
        &self,
        caller: &Caller,
        session: &SessionToken,
        address: Option<String>,
    ) {
        if let Some(Copies { picture, small }) = address.as_deref().map(Copies::of) {
            let remove = |url| self.remove_file(caller, session, url);
            tokio::join!(remove(picture), OptionFuture::from(small.map(remove)));
        }
    }

    /// Stores a WebP picture under a new random name; gives its address.
    async fn upload(&self, caller: &Caller, session: &SessionToken, webp: Vec<u8>) -> Result<String, Error> {
        let name = format!("avatar-{}.webp", random_name());
        let part = Part::bytes(webp)
            .file_name(name.clone())
            .mime_str("image/webp")
            .expect("a media type");
        let options = json!({ "contentType": "image/webp", "createBucket": false, "isPublic": true, "tags": ["avatar"] });
        let call = self
            .call_as(caller, session, Method::POST, "storage/bucket/upload-formdata")
            .query(&[
                ("bucket", BUCKET),
                ("fileName", &name),
                ("options", &options.to_string()),
            ])
            .multipart(Form::new().part("file", part));
        let file: File = self.send(call).await?;
        Ok(file.public_path)
    }

    /// Removes a file of Altogic's storage. A failure leaves an orphan, which is no reason to tell
    /// the user that the change failed.
    async fn remove_file(&self, caller: &Caller, session: &SessionToken, url: &str) {
        if !url.contains("/_storage/") {
            return;
        }
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
