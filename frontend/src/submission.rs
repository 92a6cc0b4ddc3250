//! [`Submission`]: a form's way to the server.

use std::pin::Pin;

use leptos::{prelude::*, task::spawn_local};

use crate::{Error, Posted, browser};

/// Why a field was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether the field was corrected since. The message then keeps its place, unseen, until the
    /// click is over that may be under way: a page that moves under a finger makes it miss.
    pub settled: bool,
}

type Work = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Whether a form is on its way, and why it came back; shared by its fields, its messages and its
/// button.
#[derive(Clone, Copy)]
pub struct Submission {
    fields: &'static [&'static str],
    pending: RwSignal<bool>,
    refused: RwSignal<Vec<Refusal>>,
    failure: RwSignal<Option<Error>>,
}

impl Submission {
    /// A form with these fields, in the order of the screen. A field's name is its element's id.
    /// It starts refused if the page answers it (see [`Posted`]).
    pub fn new(fields: &'static [&'static str]) -> Self {
        let form = Self {
            fields,
            pending: RwSignal::new(false),
            refused: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
        };
        let posted = use_context::<Posted>().filter(|_| !fields.is_empty());
        if let Some(error) = posted.and_then(Posted::take_refusal) {
            form.fail(Some(error));
        }
        form
    }

    /// The id of the form's summary of refused fields, which takes the focus when it appears.
    pub fn summary_id(self) -> String {
        format!("{}-summary", self.fields.first().unwrap_or(&"form"))
    }

    /// Does the work, unless some is under way. Then shows why it failed, and moves the focus to
    /// the refused field, or to the summary if there are several.
    pub fn send(self, work: impl Future<Output = Result<(), Error>> + 'static) {
        self.send_boxed(Box::pin(work));
    }

    fn send_boxed(self, work: Work) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        spawn_local(async move {
            let error = work.await.err();
            self.pending.try_set(false);
            if !self.is_there() {
                // The page was left meanwhile, and the form went with it.
                return;
            }
            self.fail(error);
            if let Some(id) = self.refused.with_untracked(|refused| self.place_of(refused)) {
                browser::focus_soon(id);
            }
        });
    }

    /// Starts refused, as the page says that it answers.
    pub fn refuse(self, error: Error) {
        self.fail(Some(error));
    }

    /// Shows why it failed.
    fn fail(self, error: Option<Error>) {
        let fields = error.as_ref().map(|error| error.fields(self.fields));
        let refused: Vec<_> = fields
            .unwrap_or_default()
            .into_iter()
            .map(|(field, message)| Refusal {
                field,
                message,
                settled: false,
            })
            .collect();
        self.failure.set(error.filter(|_| refused.is_empty()));
        self.refused.set(refused);
    }

    /// Whether a person goes on at this element when the page appears with the form refused.
    pub fn starts_at(self, id: &str) -> bool {
        let place = self.refused.with_untracked(|refused| self.place_of(refused));
        place.is_some_and(|place| place == id)
    }

    /// The id of the element where a person goes on: the refused field, or the summary of several.
    fn place_of(self, refused: &[Refusal]) -> Option<String> {
        match refused {
            [] => None,
            [refusal] => Some(refusal.field.to_owned()),
            _ => Some(self.summary_id()),
        }
    }

    /// Whether its page is still shown. After an answer was awaited it may be left: signals of the
    /// page can then be written without effect, but not read, and nothing may move the visitor.
    pub fn is_there(self) -> bool {
        !self.pending.is_disposed()
    }

    /// Whether the answer is awaited.
    pub fn is_pending(self) -> bool {
        self.pending.get()
    }

    /// The same for handlers; a form that is gone awaits nothing that could be told.
    pub fn is_pending_untracked(self) -> bool {
        self.pending.try_get_untracked().unwrap_or(true)
    }

    /// The same for the attribute `aria-busy`.
    pub fn busy(self) -> Signal<Option<&'static str>> {
        Signal::derive(move || Some(if self.is_pending() { "true" } else { "false" }))
    }

    /// Why the form as a whole failed.
    pub fn failure(self) -> Signal<Option<Error>> {
        self.failure.into()
    }

    /// Whether the form failed for this reason.
    pub fn has_code(self, code: &str) -> bool {
        self.failure
            .with(|failure| failure.as_ref().is_some_and(|error| error.has_code(code)))
    }

    /// The refused fields, in the order of the screen.
    pub fn refused(self) -> Vec<Refusal> {
        self.refused.get()
    }

    /// Why this field was refused.
    pub fn refusal(self, field: &str) -> Option<Refusal> {
        self.refused
            .with(|refused| refused.iter().find(|refusal| refusal.field == field).cloned())
    }

    /// Whether anything failed.
    pub fn is_failed(self) -> bool {
        self.failure.with(Option::is_some) || self.refused.with(|refused| !refused.is_empty())
    }

    /// Says anew what is wrong with a field that was refused before; `None` for nothing.
    pub fn recheck(self, field: &'static str, problem: Option<String>) {
        self.refused.update(|refused| {
            if let Some(refusal) = refused.iter_mut().find(|refusal| refusal.field == field) {
                refusal.settled = problem.is_none();
                if let Some(problem) = problem {
                    refusal.message = problem;
                }
            }
        });
        browser::after_click(move || {
            self.refused
                .try_update(|refused| refused.retain(|refusal| !refusal.settled));
        });
    }

    /// Forgets what failed.
    pub fn clear(self) {
        self.failure.set(None);
        self.refused.set(Vec::new());
    }
}
