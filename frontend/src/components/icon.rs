//! [`Icon`]: a small drawing beside a word, never instead of one.

use leptos::prelude::*;

/// What an [`Icon`] shows.
#[derive(Clone, Copy)]
pub enum Drawing {
    /// A tick.
    Check,
    /// A screen on a stand.
    Computer,
    /// A phone.
    Phone,
    /// An envelope.
    Mail,
}

impl Drawing {
    /// The path, on a square of 24 units.
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Computer => "M4 5h16v11H4zM9 20h6m-3-4v4",
            Self::Phone => "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1m3 15h2",
            Self::Mail => "M3 6h18v12H3zm0 1 9 6.5L21 7",
        }
    }
}

/// A drawing in the colour and size of the text around it; hidden from screen readers.
#[component]
pub fn Icon(
    /// What it shows.
    drawing: Drawing,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=drawing.path()></path>
        </svg>
    }
}
