//! [`News`]: what just happened, told once, in a place that screen readers listen to.

use std::time::Duration;

use leptos::prelude::*;

/// How long the news stay on the screen.
const SHOWN: Duration = Duration::from_secs(6);

/// The last news; given as context.
#[derive(Clone, Copy)]
pub struct News(RwSignal<Option<(u32, String)>>);

impl News {
    /// No news.
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Tells something, one sentence, in place of what was told before.
    pub fn tell(self, sentence: impl Into<String>) {
        let number = self
            .0
            .with_untracked(|news| news.as_ref().map_or(0, |(number, _)| number.wrapping_add(1)));
        self.0.set(Some((number, sentence.into())));
        set_timeout(
            move || {
                let outdated = self
                    .0
                    .with_untracked(|news| news.as_ref().is_some_and(|(shown, _)| *shown == number));
                if outdated {
                    self.0.set(None);
                }
            },
            SHOWN,
        );
    }

    /// What to show now.
    pub fn sentence(self) -> Option<String> {
        self.0
            .with(|news| news.as_ref().map(|(_, sentence)| sentence.clone()))
    }
}

impl Default for News {
    fn default() -> Self {
        Self::new()
    }
}
