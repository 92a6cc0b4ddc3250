//! [`AvatarEditor`]: changes the user's picture.

use leptos::wasm_bindgen::JsCast;
use leptos::{prelude::*, task::spawn_local};
use shared::{Invalid, avatar};
use web_sys::{Blob, Event, File, HtmlInputElement, Url};

use super::{Avatar, ErrorMessage};
use crate::{CurrentUser, Error, News, Submission, api, browser, picture, words};

const PICKER: &str = "avatar-file";

/// How far a picked picture is.
#[derive(Clone, Copy)]
enum Sending {
    /// The browser makes it small.
    Preparing,
    /// How much of it has left, 0 to 100.
    Percent(u32),
}

/// The user's picture with a file picker, a preview, real progress, cancel and remove.
#[component]
pub fn AvatarEditor() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let preview = RwSignal::new(None::<String>);
    let sending = RwSignal::new(None::<Sending>);
    let failure = RwSignal::new(None::<Error>);
    let picked = StoredValue::new_local(None::<File>);
    let upload = StoredValue::new_local(None::<api::Upload>);
    // Counts what was picked, cancelled or left, so that what is late knows it.
    let attempt = StoredValue::new(0_u32);
    let removal = Submission::new(&[]);
    let has_picture = Memo::new(move |_| {
        current_user
            .user()
            .is_some_and(|user| user.profile_picture.is_some())
    });

    // An upload may end after the page is left.
    let stop = move || {
        preview.try_set(None);
        sending.try_set(None);
    };
    let fail = move |error| {
        stop();
        failure.try_set(Some(error));
    };
    let start = move |picture: Blob, file_name: String| {
        let Ok(object_url) = Url::create_object_url_with_blob(&picture) else {
            return fail(Error::Network);
        };
        preview.set(Some(object_url.clone()));
        let sent = object_url.clone();
        let started = api::avatar_upload(
            &picture,
            &file_name,
            move |percent| {
                sending.try_set(Some(Sending::Percent(percent)));
            },
            move |result| match current_user.heed(result) {
                Ok(response) => {
                    current_user.set_avatar(response.user, Some(sent));
                    stop();
                    news.tell("Your picture is changed.");
                }
                Err(error) => {
                    let _ = Url::revoke_object_url(&sent);
                    fail(error);
                }
            },
        );
        match started {
            Ok(started) => upload.set_value(Some(started)),
            Err(error) => {
                let _ = Url::revoke_object_url(&object_url);
                fail(error);
            }
        }
    };
    let send = move || {
        let Some(file) = picked.get_value() else { return };
        removal.clear();
        failure.set(None);
        if let Err(invalid) = check_type(&file) {
            return fail(Error::Fields(vec![invalid]));
        }
        sending.set(Some(Sending::Preparing));
        attempt.update_value(|attempt| *attempt += 1);
        let this = attempt.get_value();
        spawn_local(async move {
            let small = picture::small(&file).await.map_err(|_| unreadable());
            if attempt.try_get_value() == Some(this) {
                match small.and_then(|small| check_size(&small).map(|()| small)) {
                    Ok(small) => start(small, file.name()),
                    Err(invalid) => fail(Error::Fields(vec![invalid])),
                }
            }
        });
    };
    let pick = move |file| {
        picked.set_value(Some(file));
        send();
    };
    let cancel = move |()| {
        attempt.update_value(|attempt| *attempt += 1);
        upload.update_value(|upload| {
            if let Some(upload) = upload.take() {
                upload.cancel();
            }
        });
        if let Some(object_url) = preview.get_untracked() {
            let _ = Url::revoke_object_url(&object_url);
        }
        stop();
        browser::focus_soon(PICKER);
        news.tell("Upload cancelled.");
    };
    let remove = move || {
        failure.set(None);
        removal.send(async move {
            let response = current_user.heed(api::avatar_remove().await)?;
            current_user.set_avatar(response.user, None);
            browser::focus_soon(PICKER);
            news.tell("Your picture is removed.");
            Ok(())
        });
    };

    view! {
        <div class="avatar-editor">
            <Avatar preview alt="Your picture" />
            {move || match sending.get() {
                Some(sending) => view! { <Progress sending on_cancel=Callback::new(cancel) /> }.into_any(),
                None => view! {
                    <Picker
                        has_picture
                        removal
                        on_pick=Callback::new(pick)
                        on_remove=Callback::new(move |()| remove())
                    />
                }
                .into_any(),
            }}
        </div>
        <ErrorMessage error=failure on_retry=Callback::new(move |()| send()) />
        <ErrorMessage
            error=removal.failure()
            on_retry=Callback::new(move |()| remove())
        />
    }
}

#[component]
fn Picker(
    has_picture: Memo<bool>,
    removal: Submission,
    on_pick: Callback<File>,
    on_remove: Callback<()>,
) -> impl IntoView {
    let pick = move |event: Event| {
        let Some(input) = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        // The same file must count as a change when it is picked again.
        input.set_value("");
        if let Some(file) = file {
            on_pick.run(file);
        }
    };
    let remove = move || {
        has_picture.get().then(|| {
            view! {
                <button
                    type="button"
                    class="link"
                    aria-busy=removal.busy()
                    on:click=move |_| on_remove.run(())
                >
                    "Remove picture"
                </button>
            }
        })
    };
    view! {
        <div class="actions">
            <input
                type="file"
                class="unseen"
                id=PICKER
                name=avatar::PART
                accept=avatar::MEDIA_TYPES.join(",")
                on:change=pick
            />
            <label class="button quiet" for=PICKER>
                {move || if has_picture.get() { "Change picture" } else { "Add a picture" }}
            </label>
            {remove}
        </div>
    }
}

#[component]
fn Progress(sending: Sending, on_cancel: Callback<()>) -> impl IntoView {
    let (words, percent) = match sending {
        Sending::Preparing => ("Preparing…", None),
        Sending::Percent(100..) => ("Saving…", Some(100)),
        Sending::Percent(percent) => ("Uploading…", Some(percent)),
    };
    view! {
        <div class="actions">
            <label class="sending">
                {words}
                <progress max="100" value=percent.map(|percent| percent.to_string())></progress>
            </label>
            <button type="button" class="button quiet" on:click=move |_| on_cancel.run(())>
                "Cancel"
            </button>
        </div>
    }
}

/// What the backend would refuse, before anything is done with it.
fn check_type(file: &File) -> Result<(), Invalid> {
    if avatar::MEDIA_TYPES.contains(&file.type_().as_str()) {
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
