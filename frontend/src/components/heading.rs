//! [`Heading`]: a page's name, on the screen and in the title of the tab.

use leptos::{html, prelude::*};

#[cfg(feature = "ssr")]
use crate::render::Title;
use crate::{Submission, browser};

/// Whether the first heading since the site was opened is still to come; given as context. It is
/// the only one that leaves the focus where the browser put it.
#[derive(Clone, Copy)]
pub struct FirstHeading(StoredValue<bool>);

impl FirstHeading {
    /// It is still to come.
    pub fn new() -> Self {
        Self(StoredValue::new(true))
    }

    fn passed(self) -> bool {
        let first = self.0.get_value();
        self.0.set_value(false);
        !first
    }
}

impl Default for FirstHeading {
    fn default() -> Self {
        Self::new()
    }
}

/// The `h1` of a page, or of a page's new state: takes the focus when it appears, so that a
/// screen reader starts there, and sets the title `… · Latchkey`.
#[component]
pub fn Heading(
    /// The page's name in the title.
    title: &'static str,
    /// The page's forms, whose failure the title tells first.
    #[prop(optional)]
    forms: Vec<Submission>,
    /// What the heading says.
    children: Children,
) -> impl IntoView {
    let first = expect_context::<FirstHeading>();
    let element = NodeRef::<html::H1>::new();

    let title = move || {
        let failed = forms.iter().any(|form| form.is_failed());
        let prefix = if failed { "Error: " } else { "" };
        format!("{prefix}{title} · Latchkey")
    };
    #[cfg(feature = "ssr")]
    use_context::<Title>()
        .expect("pages are rendered with a title")
        .set(untrack(&title));
    Effect::new(move |shown: Option<()>| {
        document().set_title(&title());
        if shown.is_none()
            && let Some(element) = element.get_untracked()
            && first.passed()
        {
            browser::focus_in_place(&element);
        }
    });

    view! {
        <h1 tabindex="-1" node_ref=element>
            {children()}
        </h1>
    }
}
