//! Renders the site's pages to HTML without a browser: all of them when the server is built, and
//! a single one where it says something of its visitor.

use std::fmt::Write as _;

use leptos::prelude::*;
use leptos_router::location::RequestUrl;
use shared::{ApiError, User};

use crate::{
    App, Error, Outcome, Part, Posted, app,
    pages::{PlainProfile, PlainTrouble},
    posted::OUTCOME_ID,
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

impl Page {
    /// Puts the page into the frame that trunk built.
    ///
    /// # Panics
    /// If the frame has no `<title>`, no `</head>` or no empty element with the id `app`.
    pub fn into_document(self, frame: &str) -> String {
        let (before_title, rest) = frame.split_once("<title>").expect("the frame has a title");
        let (_, rest) = rest.split_once("</title>").expect("the title ends");
        let (head, rest) = rest.split_once("</head>").expect("the frame has a head");
        let at = rest
            .find("id=\"app\"")
            .or_else(|| rest.find("id=app"))
            .expect("the frame has a place for the app");
        let at = at + rest[at..].find('>').expect("its tag ends") + 1;
        let (before_body, after_body) = rest.split_at(at);

        let title = leptos::html::title().child(self.title).to_html();
        let mut document = String::with_capacity(frame.len() + self.body.len() + 256);
        let mut write = |part: &str| document.push_str(part);
        write(before_title);
        write(&title.replace("<!>", ""));
        if self.has_app {
            write(&with_links_of(&self.parts, head));
        } else {
            write(&without_scripts(head));
        }
        if let Some(instead) = self.instead {
            let mut refresh = String::new();
            let _ = write!(
                refresh,
                "<noscript><meta http-equiv=\"refresh\" content=\"0; url={instead}\"></noscript>"
            );
            write(&refresh);
        }
        write("</head>");
        write(before_body);
        write(&self.body);
        let (end, after) = after_body
            .split_once("</div>")
            .expect("the place for the app ends");
        write(end);
        write("</div>");
        if let Some(outcome) = self.outcome {
            // `</script>` and `<!--` would end or hide the element.
            let json = serde_json::to_string(&outcome)
                .expect("only strings and numbers")
                .replace('<', "\\u003c");
            write(&format!(
                "<script type=\"application/json\" id=\"{OUTCOME_ID}\">{json}</script>"
            ));
        }
        write(after);
        document
    }
}

/// The head with links that fetch ahead just these files.
fn with_links_of(parts: &[Part], head: &str) -> String {
    with_links(head, |link| {
        !link.contains(".wasm")
            || link.contains("_bg.wasm")
            || parts.iter().any(|part| link.contains(part.in_file_names()))
    })
}

/// The head without what starts the app, or fetches it ahead.
fn without_scripts(head: &str) -> String {
    let mut kept = String::with_capacity(head.len());
    let mut rest = head;
    while let Some(start) = rest.find("<script") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].split_once("</script>").map_or("", |(_, rest)| rest);
    }
    kept.push_str(rest);
    with_links(&kept, |link| !link.contains("preload"))
}

/// The head with only these of its links.
fn with_links(head: &str, is_kept: impl Fn(&str) -> bool) -> String {
    head.split_inclusive('>')
        .filter(|tag| !tag.contains("<link") || is_kept(tag))
        .collect()
}
