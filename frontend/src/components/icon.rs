//! [`Icon`]: a small drawing beside a word, never instead of one.

use leptos::prelude::*;

/// What an [`Icon`] shows.
#[derive(Clone, Copy)]
pub enum Drawing {
    /// The mark of Latchkey: a key's bow with its hole, and the bit below.
    Key,
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
            Self::Key => {
                "M12 2a6 6 0 0 1 2 11.7V16h2v2h-2v4h-4v-8.3A6 6 0 0 1 12 2m0 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4"
            }
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
    let class = if matches!(drawing, Drawing::Key) {
        "icon solid"
    } else {
        "icon"
    };
    view! {
        <svg class=class viewBox="0 0 24 24" aria-hidden="true">
            <path d=drawing.path()></path>
        </svg>
    }
}
