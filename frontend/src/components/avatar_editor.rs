//! [`AvatarEditor`]: changes the user's picture.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use shared::avatar;
use web_sys::{Event, File, HtmlInputElement};

use super::ErrorMessage;
use super::avatar_sending::{CANCEL, PICKER, Sending, Step};
use crate::{CurrentUser, News, Submission, api, browser};

/// What stands beside the user's picture: a file picker, real progress, cancel and remove.
#[component]
pub fn AvatarEditor(
    /// Gets the picture that is being sent, by its address.
    preview: RwSignal<Option<String>>,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let sending = Sending::new(preview);
    let removal = Submission::new(&[]);
    let has_picture = Memo::new(move |_| {
        current_user
            .user()
            .is_some_and(|user| user.profile_picture.is_some())
    });
    let pick = move |file| {
        removal.clear();
        sending.pick(file);
    };
    let remove = move || {
        sending.failure.set(None);
        removal.send(async move {
            let response = current_user.call(api::avatar_remove).await?;
            current_user.set_avatar(response.user, None);
            if removal.is_there() {
                browser::focus_soon(PICKER);
            }
            news.tell("Your picture is removed.");
            Ok(())
        });
    };

    let is_sending = Memo::new(move |_| sending.step.read().is_some());
    // Read out at each quarter; each percent would be noise.
    let heard = Memo::new(move |_| match sending.step.get() {
        None => String::new(),
        Some(Step::Preparing) => "Preparing the picture.".to_owned(),
        Some(Step::Percent(100..)) => "Saving the picture.".to_owned(),
        Some(Step::Percent(percent)) => format!("Uploading the picture, {} %.", percent / 25 * 25),
    });

    view! {
        {move || if is_sending.get() {
            view! { <Progress sending /> }.into_any()
        } else {
            view! {
                <Picker
                    has_picture
                    removal
                    on_pick=Callback::new(pick)
                    on_remove=Callback::new(move |()| remove())
                />
            }
            .into_any()
        }}
        <p class="unseen" role="status">
            {heard}
        </p>
        <ErrorMessage
            error=sending.failure
            on_retry=Callback::new(move |()| sending.send())
        />
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
                accept=avatar::ACCEPTED
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
fn Progress(sending: Sending) -> impl IntoView {
    let percent = move || match sending.step.get() {
        Some(Step::Percent(percent)) => Some(percent),
        _ => None,
    };
    let words = move || match percent() {
        None => "Preparing…",
        Some(100..) => "Saving…",
        Some(_) => "Uploading…",
    };
    view! {
        <div class="actions">
            <label class="sending">
                {words}
                <progress max="100" value=move || percent().map(|percent| percent.to_string())></progress>
            </label>
            <button type="button" class="button quiet" id=CANCEL on:click=move |_| sending.cancel()>
                "Cancel"
            </button>
        </div>
    }
}
