//! [`SubmitButton`]: sends the form around it.

use leptos::prelude::*;

use crate::Submission;

/// The main button of a form: shows and says that it is busy while the answer is awaited, and is
/// never disabled, because a disabled button cannot say why.
#[component]
pub fn SubmitButton(
    /// The form it sends.
    form: Submission,
    /// What it does, in words.
    children: Children,
) -> impl IntoView {
    view! {
        <button type="submit" class="button" aria-busy=form.busy()>
            {children()}
        </button>
    }
}
