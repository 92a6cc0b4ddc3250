//! Renders the site's pages to HTML without a browser: all of them when the server is built, and
//! a single one where it says something of its visitor.

mod document;

use leptos::prelude::*;
use leptos_router::location::RequestUrl;
use shared::{ApiError, User};

use crate::{
    App, Error, Outcome, Part, Posted, app,
    pages::{PlainProfile, PlainTrouble},
};

/// What a page is rendered for.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// The path, with the query if there is one.
    pub path: String,
    /// Whether the cookies say that somebody is signed in.
    pub signed_in_hint: bool,
    /// What was typed into the form that the page answers, by the field's name; no passwords.
    pub typed: Vec<(String, String)>,
    /// How that form fared.
    pub outcome: Option<Outcome>,
}

/// A rendered page.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    body: String,
    outcome: Option<Outcome>,
    /// Where a browser goes that cannot run the app, if the page is empty without it.
    instead: Option<&'static str>,
    has_app: bool,
    /// The files that the page needs beside the first.
    parts: Vec<Part>,
}

/// The place of the profile that needs no app; below it there is nothing.
pub const PLAIN_PROFILE: &str = "/profile?plain";

/// Stands for every path that has no page.
pub const NOT_FOUND: &str = "/404";

/// Every path that has a page of its own.
pub fn paths() -> impl Iterator<Item = &'static str> {
    app::PATHS.iter().map(|(path, ..)| *path)
}

/// Whether a path has a page only for who is signed in.
pub fn is_private(path: &str) -> bool {
    app::is_private(path)
}

/// The page of a path; for a path without one, the page that says so.
pub fn page(visit: Visit) -> Page {
    let path = visit.path.split('?').next().unwrap_or_default();
    let waits = app::waits(path, visit.signed_in_hint);
    let parts = app::parts(path, visit.signed_in_hint).collect();
    let outcome = visit.outcome.clone();
    let (title, body) = html(&visit.path, || {
        view! { <App signed_in_hint=visit.signed_in_hint posted=Posted::new(visit.typed, visit.outcome) /> }
    });
    Page {
        title,
        body,
        outcome,
        instead: waits.then_some(PLAIN_PROFILE),
        has_app: true,
        parts,
    }
}

/// The profile for a browser that cannot run the app.
pub fn plain_profile(user: User, typed: Vec<(String, String)>, outcome: Option<Outcome>) -> Page {
    plain(|| view! { <PlainProfile user posted=Posted::new(typed, outcome) /> })
}

/// Says in place of the profile why there is none now.
pub fn plain_trouble(error: ApiError, retry_after_seconds: Option<u32>) -> Page {
    let error = Error::Api {
        error,
        retry_after_seconds,
    };
    plain(|| view! { <PlainTrouble error /> })
}

fn plain<V: IntoView>(view: impl FnOnce() -> V) -> Page {
    let (title, body) = html(PLAIN_PROFILE, view);
    Page {
        title,
        body,
        outcome: None,
        instead: None,
        has_app: false,
        parts: Vec::new(),
    }
}

/// The title that a page's heading gives; context while a page is rendered.
#[derive(Clone, Copy, Default)]
pub(crate) struct Title(StoredValue<String>);

impl Title {
    pub(crate) fn set(self, title: String) {
        self.0.set_value(title);
    }
}

fn html<V: IntoView>(url: &str, view: impl FnOnce() -> V) -> (String, String) {
    let owner = Owner::new();
    owner.with(|| {
        let title = Title::default();
        provide_context(title);
        provide_context(RequestUrl::new(url));
        let body = view().into_view().to_html();
        // Marks between texts, for an app that adopts the elements. Ours replaces them.
        (title.0.get_value(), body.replace("<!>", ""))
    })
}
