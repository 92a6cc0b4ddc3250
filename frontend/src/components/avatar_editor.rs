//! [`AvatarEditor`]: changes the user's picture.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use shared::{Invalid, avatar};
use web_sys::{Event, File, HtmlInputElement, Url};

use super::{Avatar, ErrorMessage};
use crate::{CurrentUser, Error, News, Submission, api, browser, words};

const PICKER: &str = "avatar-file";

/// The user's picture with a file picker, a preview, real progress, cancel and remove.
#[component]
pub fn AvatarEditor() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let preview = RwSignal::new(None::<String>);
    let percent = RwSignal::new(None::<u32>);
    let failure = RwSignal::new(None::<Error>);
    let picked = StoredValue::new_local(None::<File>);
    let upload = StoredValue::new_local(None::<api::Upload>);
    let removal = Submission::new(&[]);
    let user = Signal::derive(move || current_user.user());
    let has_picture = Memo::new(move |_| {
        user.with(|user| user.as_ref().is_some_and(|user| user.profile_picture.is_some()))
    });

    let show = move |picture: Option<String>| {
        // An upload may end after the page is left.
        if let Some(old) = preview.try_get_untracked().flatten() {
            let _ = Url::revoke_object_url(&old);
        }
        preview.set(picture);
    };
    on_cleanup(move || {
        if let Some(address) = preview.try_get_untracked().flatten() {
            let _ = Url::revoke_object_url(&address);
        }
    });
    let fail = move |error| {
        show(None);
        percent.set(None);
        failure.set(Some(error));
    };
    let send = move || {
        let Some(file) = picked.get_value() else { return };
        removal.clear();
        failure.set(None);
        if let Err(invalid) = check(&file) {
            return fail(Error::Fields(vec![invalid]));
        }
        show(Url::create_object_url_with_blob(&file).ok());
        percent.set(Some(0));
        let started = api::avatar_upload(
            &file,
            move |sent| percent.set(Some(sent)),
            move |result| match current_user.heed(result) {
                Ok(response) => {
                    percent.set(None);
                    current_user.set(response.user);
                    news.tell("Your picture is changed.");
                }
                Err(error) => fail(error),
            },
        );
        match started {
            Ok(started) => upload.set_value(Some(started)),
            Err(error) => fail(error),
        }
    };
    let pick = move |file| {
        picked.set_value(Some(file));
        send();
    };
    let cancel = move |()| {
        upload.with_value(|upload| upload.as_ref().map(api::Upload::cancel));
        show(None);
        percent.set(None);
        browser::focus_soon(PICKER);
        news.tell("Upload cancelled.");
    };
    let remove = move || {
        failure.set(None);
        removal.send(async move {
            let response = current_user.heed(api::avatar_remove().await)?;
            show(None);
            current_user.set(response.user);
            browser::focus_soon(PICKER);
            news.tell("Your picture is removed.");
            Ok(())
        });
    };

    view! {
        <div class="avatar-editor">
            <Avatar user preview alt="Your picture" />
            {move || match percent.get() {
                Some(percent) => view! { <Sending percent on_cancel=Callback::new(cancel) /> }.into_any(),
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
fn Sending(percent: u32, on_cancel: Callback<()>) -> impl IntoView {
    let words = if percent < 100 {
        "Uploading…"
    } else {
        "Saving…"
    };
    view! {
        <div class="actions">
            <label class="sending">
                {words}
                <progress max="100" value=percent.to_string()></progress>
            </label>
            <button type="button" class="button quiet" on:click=move |_| on_cancel.run(())>
                "Cancel"
            </button>
        </div>
    }
}

/// What the backend would refuse, before it travels.
fn check(file: &File) -> Result<(), Invalid> {
    if !avatar::MEDIA_TYPES.contains(&file.type_().as_str()) {
        return Err(Invalid::new(
            avatar::PART,
            "This file is not a picture that can be used here. Choose a PNG, JPEG, WebP or GIF.",
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a file's size is a whole number"
    )]
    let size_bytes = file.size() as u64;
    if size_bytes > avatar::MAX_BYTES as u64 {
        return Err(Invalid::new(
            avatar::PART,
            format!(
                "This picture has {}. Choose one of at most {}.",
                words::megabytes(size_bytes),
                words::megabytes(avatar::MAX_BYTES as u64)
            ),
        ));
    }
    Ok(())
}
