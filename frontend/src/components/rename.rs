//! [`Rename`]: changes the user's name, in its place.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    prelude::*,
};
use shared::{Name, profile};

use super::{ErrorMessage, Field, SubmitButton};
use crate::{CurrentUser, News, Submission, api, browser};

const OPENER: &str = "rename";

/// A button that becomes a form with the present name: Enter saves, Escape cancels.
#[component]
pub fn Rename() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let form = Submission::new(&["name"]);
    let name = RwSignal::new(String::new());
    let editing = RwSignal::new(false);

    let open = move |_| {
        name.set(current_user.user().map(|user| user.name).unwrap_or_default());
        form.clear();
        editing.set(true);
        browser::select_soon("name");
    };
    let close = move || {
        editing.set(false);
        browser::focus_soon(OPENER);
    };
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = name.get_untracked();
        form.send(async move {
            let response = current_user
                .call(|| api::rename(profile::Form { name: typed.clone() }))
                .await?;
            current_user.set(response.user);
            if form.is_there() {
                close();
            }
            news.tell("Your name is changed.");
            Ok(())
        });
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };

    move || {
        if editing.get() {
            view! {
                <form class="rename" method="post" novalidate on:submit=save on:keydown=escape>
                    <ErrorMessage error=form.failure() />
                    <Field form name="name" label="Name" value=name check=name_problem autocomplete="name" />
                    <div class="actions">
                        <SubmitButton form>"Save"</SubmitButton>
                        <button type="button" class="link" on:click=move |_| close()>
                            "Cancel"
                        </button>
                    </div>
                </form>
            }
            .into_any()
        } else {
            view! {
                <button type="button" class="link" id=OPENER on:click=open>
                    "Change name"
                </button>
            }
            .into_any()
        }
    }
}

/// What is wrong with a typed name.
pub fn name_problem(typed: String) -> Option<String> {
    Name::try_from(typed).err().map(|invalid| invalid.message)
}
