//! `POST storage/bucket/upload-formdata` and `storage/delete-file`: the user's picture.

use axum::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::OptionFuture;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{User, avatar::Copies};
use tokio::task::JoinHandle;

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
    /// before. Once it has begun it is finished, whether the caller still waits or not; changes of one
    /// user's picture follow one another.
    ///
    /// # Errors
    /// As [`Altogic::profile`]; what Altogic says when it stores no more files.
    pub async fn set_avatar(
        &self,
        caller: &Caller,
        session: &SessionToken,
        avatar: Avatar,
    ) -> Result<User, Error> {
        let user = self.profile(caller, session).await?;
        let turn = self.avatar_turns.take(&user.id).await;
        let (altogic, caller, session) = (self.clone(), caller.clone(), session.clone());
        let change = async move {
            let changed = altogic.exchange_avatar(&caller, &session, avatar).await;
            drop(turn);
            changed
        };
        finished(self.changes.spawn(change)).await
    }

    /// Takes the user's picture away; otherwise as [`Altogic::set_avatar`].
    ///
    /// # Errors
    /// As [`Altogic::profile`].
    pub async fn remove_avatar(&self, caller: &Caller, session: &SessionToken) -> Result<User, Error> {
        let user = self.profile(caller, session).await?;
        let turn = self.avatar_turns.take(&user.id).await;
        let (altogic, caller, session) = (self.clone(), caller.clone(), session.clone());
        let change = async move {
            let changed = altogic.clear_avatar(&caller, &session).await;
            drop(turn);
            changed
        };
        finished(self.changes.spawn(change)).await
    }

    async fn exchange_avatar(
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
                if self.shows_none_of(caller, session, &stored, &error).await {
                    for url in &stored {
                        self.remove_file(caller, session, url).await;
                    }
                }
                Err(error)
            }
        }
    }

    /// Whether it is sure that the user shows none of these files, after a change that failed.
    async fn shows_none_of(
        &self,
        caller: &Caller,
        session: &SessionToken,
        stored: &[String],
        error: &Error,
    ) -> bool {
        if stored.is_empty() || matches!(error, Error::Refused(_) | Error::RateLimited(..)) {
            return true;
        }
        // Without an answer the change may have been made.
        let user = self.profile(caller, session).await;
        user.is_ok_and(|user| {
            let shown = user.profile_picture.unwrap_or_default();
            !stored.iter().any(|url| shown.contains(url.as_str()))
        })
    }

    async fn clear_avatar(&self, caller: &Caller, session: &SessionToken) -> Result<User, Error> {
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

async fn finished(change: JoinHandle<Result<User, Error>>) -> Result<User, Error> {
    let changed = change.await;
    changed.unwrap_or_else(|error| Err(Error::Internal(error.into())))
}

fn random_name() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}
