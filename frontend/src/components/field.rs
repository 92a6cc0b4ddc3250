//! [`Field`]: label, input, hint and error of one value of a form.

use leptos::prelude::*;
use leptos::tachys::html::attribute::{any_attribute::IntoAnyAttribute, custom::custom_attribute};
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::changing;
use crate::{Posted, Submission};

/// One line to type in. `name` is also the element's id.
#[component]
pub fn Field(
    /// The form it belongs to.
    form: Submission,
    /// The field's name in the form.
    name: &'static str,
    /// What to type, above the input.
    label: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// Says what is wrong with a value; asked again when the person leaves a refused field.
    check: fn(String) -> Option<String>,
    /// `text`, `email` or `password`; a password can be shown.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a password manager may fill in.
    autocomplete: &'static str,
    /// What to know before typing.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    if let Some(typed) = expect_context::<Posted>().take_typed(name) {
        value.set(typed);
    }
    // For the page that is rendered on the server; a password is never sent back.
    let initial = (kind != "password").then(|| value.get_untracked());
    let shown = RwSignal::new(false);
    let refusal = move || form.refusal(name);
    let refused = move || refusal().is_some_and(|refusal| !refusal.settled);
    let described_by = move || match (hint, refused()) {
        (Some(_), true) => Some(format!("{name}-hint {name}-error")),
        (Some(_), false) => Some(format!("{name}-hint")),
        (None, true) => Some(format!("{name}-error")),
        (None, false) => None,
    };
    let edited = StoredValue::new(false);
    Effect::new(move |_| {
        if form.is_pending() {
            edited.set_value(false);
            // A password that stays readable could be kept by the browser as a plain text.
            shown.set(false);
        }
    });

    let typed = move |event: web_sys::Event| {
        if let Some(input) = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
        {
            value.set(input.value());
            edited.set_value(true);
        }
    };
    let left = move |_| {
        // A field that leaves the page with the focus in it is left after it is gone.
        if edited.try_get_value() == Some(true) {
            form.recheck(name, check(value.get_untracked()));
        }
    };

    // Attributes of one type, and signals in place of closures: Leptos writes code for each type.
    let fixed = [
        ("id", Some(name)),
        ("name", Some(name)),
        ("autocomplete", Some(autocomplete)),
        ("inputmode", (kind == "email").then_some("email")),
        ("autocapitalize", (kind != "text").then_some("none")),
        ("spellcheck", (kind != "text").then_some("false")),
        ("autofocus", form.starts_at(name).then_some("")),
    ];
    let now = [
        (
            "type",
            Signal::derive(move || Some(if shown.get() { "text" } else { kind })),
        ),
        (
            "aria-invalid",
            Signal::derive(move || refused().then_some("true")),
        ),
    ];
    let attributes: Vec<_> = fixed
        .map(|(name, value)| custom_attribute(name, value).into_any_attr())
        .into_iter()
        .chain(now.map(|(name, value)| custom_attribute(name, value).into_any_attr()))
        .collect();

    view! {
        <div class="field">
            <label for=name>{label}</label>
            {hint
                .map(|hint| {
                    view! {
                        <p class="hint" id=format!("{name}-hint")>
                            {hint}
                        </p>
                    }
                })}
            <div class="input">
                <input
                    {..attributes}
                    aria-describedby=described_by
                    value=initial.filter(|typed| !typed.is_empty())
                    prop:value=value
                    on:input=typed
                    on:change=typed
                    on:blur=left
                />
                {(kind == "password").then(|| view! { <Reveal of=name shown /> })}
            </div>
            {changing(move || {
                refusal()
                    .map(|refusal| {
                        let class = if refusal.settled { "error settled" } else { "error" };
                        view! {
                            <p class=class id=format!("{name}-error")>
                                {refusal.message}
                            </p>
                        }
                        .into_any()
                    })
            })}
        </div>
    }
}

#[component]
fn Reveal(of: &'static str, shown: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="reveal"
            aria-controls=of
            aria-label=Signal::derive(move || {
                Some(if shown.get() { "Hide password" } else { "Show password" })
            })
            on:click=move |_| shown.update(|shown| *shown = !*shown)
        >
            {move || if shown.get() { "Hide" } else { "Show" }}
        </button>
    }
}
