//! [`ConfirmDialog`]: a question before something that cannot be undone.

use leptos::{ev::SubmitEvent, html, prelude::*};

use super::{ErrorMessage, ErrorSummary};
use crate::{Submission, browser};

const TITLE: &str = "confirm-title";

/// A form over the page while `open` is set. Cancel has the focus at first; Escape cancels too,
/// and both give the focus back to the opener.
#[component]
pub fn ConfirmDialog(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// The id of the button that opened it.
    opener: &'static str,
    /// The question.
    title: &'static str,
    /// What happens, on the button.
    act: &'static str,
    /// The form's state.
    form: Submission,
    /// Does it.
    on_act: Callback<()>,
    /// What is lost, and the fields.
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    let close = move || {
        open.set(false);
        browser::focus_soon(opener);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        on_act.run(());
    };

    move || {
        open.get().then(|| {
            let element = NodeRef::<html::Dialog>::new();
            Effect::new(move |_| {
                if let Some(dialog) = element.get() {
                    // It fails only where the dialog is shown already.
                    let _ = dialog.show_modal();
                }
            });
            view! {
                <dialog class="card" aria-labelledby=TITLE node_ref=element on:close=move |_| close()>
                    <h2 id=TITLE>{title}</h2>
                    <form method="post" novalidate on:submit=submit>
                        {children.with_value(|children| children())}
                        <ErrorMessage error=form.failure() />
                        <ErrorSummary form />
                        <div class="actions">
                            <button
                                type="button"
                                class="button quiet"
                                autofocus
                                on:click=move |_| close()
                            >
                                "Cancel"
                            </button>
                            <button type="submit" class="button danger" aria-busy=form.busy()>
                                {act}
                            </button>
                        </div>
                    </form>
                </dialog>
            }
        })
    }
}
