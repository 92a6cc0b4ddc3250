//! [`Sending`]: a picked picture on its way to the server.

use leptos::{prelude::*, task::spawn_local};
use shared::{Invalid, avatar};
use web_sys::{Blob, File, Url};

use crate::{CurrentUser, Error, News, api, browser, picture, words};

/// The id of the input that picks a file.
pub(super) const PICKER: &str = "avatar-file";
/// The id of the button that stops what is under way.
pub(super) const CANCEL: &str = "avatar-cancel";

/// How far a picked picture is.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// The browser makes it small.
    Preparing,
    /// How much of it has left, 0 to 100.
    Percent(u32),
}

/// A picked picture on its way. The page may be left meanwhile.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    current_user: CurrentUser,
    news: News,
    preview: RwSignal<Option<String>>,
    pub(super) step: RwSignal<Option<Step>>,
    pub(super) failure: RwSignal<Option<Error>>,
    picked: StoredValue<Option<File>, LocalStorage>,
    upload: StoredValue<Option<api::Upload>, LocalStorage>,
    /// Counts what was picked, cancelled or left, so that what is late knows it.
    attempt: StoredValue<u32>,
}

impl Sending {
    /// Nothing is on its way. `preview` gets what is, by its address.
    pub(super) fn new(preview: RwSignal<Option<String>>) -> Self {
        Self {
            current_user: expect_context(),
            news: expect_context(),
            preview,
            step: RwSignal::new(None),
            failure: RwSignal::new(None),
            picked: StoredValue::new_local(None),
            upload: StoredValue::new_local(None),
            attempt: StoredValue::new(0),
        }
    }

    pub(super) fn pick(self, file: File) {
        self.picked.set_value(Some(file));
        self.send();
    }

    /// Sends what was picked, once more if it was sent before.
    pub(super) fn send(self) {
        let Some(file) = self.picked.get_value() else {
            return;
        };
        self.failure.set(None);
        self.step.set(Some(Step::Preparing));
        browser::keep_focus(CANCEL);
        self.attempt.update_value(|attempt| *attempt += 1);
        let this = self.attempt.get_value();
        spawn_local(async move {
            let small = travelling(&file).await;
            if self.attempt.try_get_value() == Some(this) {
                match small {
                    Ok(small) => self.start(&small, &file.name()),
                    Err(invalid) => self.fail(Error::Fields(vec![invalid])),
                }
            }
        });
    }

    fn start(self, picture: &Blob, file_name: &str) {
        let Ok(object_url) = Url::create_object_url_with_blob(picture) else {
            return self.fail(Error::Network);
        };
        self.preview.set(Some(object_url.clone()));
        let sent = object_url.clone();
        let started = api::avatar_upload(
            picture,
            file_name,
            move |percent| {
                self.step.try_set(Some(Step::Percent(percent)));
            },
            move |result| match result {
                Ok(response) => {
                    self.current_user.set_avatar(response.user, Some(sent));
                    self.stop();
                    self.news.tell("Your picture is changed.");
                }
                Err(error) => {
                    let _ = Url::revoke_object_url(&sent);
                    self.fail_or_repeat(error);
                }
            },
        );
        match started {
            Ok(started) => self.upload.set_value(Some(started)),
            Err(error) => {
                let _ = Url::revoke_object_url(&object_url);
                self.fail(error);
            }
        }
    }

    fn stop(self) {
        self.preview.try_set(None);
        // What had the focus goes; it stays where the person has moved it.
        if self.step.try_set(None).is_none() {
            browser::keep_focus(PICKER);
        }
    }

    fn fail(self, error: Error) {
        self.stop();
        self.failure.try_set(Some(error));
    }

    /// Sends it once more if the person signs in again whose session has ended.
    fn fail_or_repeat(self, error: Error) {
        let ended = error.is_signed_out();
        self.fail(error);
        if ended {
            spawn_local(async move {
                if self.current_user.signs_in_again().await && !self.step.is_disposed() {
                    self.send();
                }
            });
        }
    }

    pub(super) fn cancel(self) {
        self.attempt.update_value(|attempt| *attempt += 1);
        self.upload.update_value(|upload| {
            if let Some(upload) = upload.take() {
                upload.cancel();
            }
        });
        if let Some(object_url) = self.preview.get_untracked() {
            let _ = Url::revoke_object_url(&object_url);
        }
        self.stop();
        self.news.tell("Upload cancelled.");
    }
}

/// What travels of a picked file.
async fn travelling(file: &File) -> Result<Blob, Invalid> {
    check_type(file).await?;
    let small = picture::small(file).await.map_err(|_| unreadable())?;
    check_size(&small)?;
    Ok(small)
}

/// What the backend would refuse, before anything is done with it: by its content, as the backend
/// does.
async fn check_type(file: &Blob) -> Result<(), Invalid> {
    let head = picture::head(file, avatar::HEAD_BYTES).await;
    if head.is_none_or(|head| avatar::is_picture(&head)) {
        return Ok(());
    }
    Err(Invalid::new(
        avatar::PART,
        "This file is not a picture that can be used here. Choose a PNG, JPEG, WebP or GIF.",
    ))
}

/// What the backend would refuse, before it travels: a file that this browser could not make
/// smaller.
fn check_size(picture: &Blob) -> Result<(), Invalid> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a file's size is a whole number"
    )]
    let size_bytes = picture.size() as u64;
    if size_bytes <= avatar::MAX_BYTES as u64 {
        return Ok(());
    }
    Err(Invalid::new(
        avatar::PART,
        format!(
            "This picture has {}. Choose one of at most {}.",
            words::megabytes(size_bytes),
            words::megabytes(avatar::MAX_BYTES as u64)
        ),
    ))
}

fn unreadable() -> Invalid {
    Invalid::new(
        avatar::PART,
        "This picture cannot be read: it is damaged, or has too many pixels. Choose another one.",
    )
}
