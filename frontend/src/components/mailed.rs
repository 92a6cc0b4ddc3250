//! [`Mailed`]: a page's mail is on its way. The address bar says so, which reloads and steps in the
//! history keep; where the mail went is kept in the tab.

use leptos::prelude::*;
use shared::ReturnTo;

use super::use_return_to;
use crate::{HandedOn, Place, Posted, browser, words};

/// The query value that says that the page's mail was sent.
const MARK: &str = "mailed";

/// How long to wait before the mail can be asked for again, in milliseconds.
pub(super) const AGAIN_AFTER_MS: f64 = 30_000.0;

/// A mail on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Where it went.
    pub to: String,
    /// When it can be asked for again, in milliseconds since 1970 by this browser's clock; `None`
    /// if the page comes from the server, which does not know that clock.
    pub again_at_ms: Option<f64>,
}

/// What a page shows that sends a mail.
#[derive(Clone, Debug, PartialEq)]
pub enum MailStep {
    /// Its form.
    Form,
    /// The mail was sent; where it went is being looked up.
    Looking,
    /// The mail was sent.
    Sent(Sent),
}

/// Whether a page's mail is on its way.
#[derive(Clone, Copy)]
pub struct Mailed {
    page: &'static str,
    place: StoredValue<Place>,
    handed_on: HandedOn,
    sent: RwSignal<Option<Sent>>,
    marked: Memo<bool>,
    return_to: Signal<Option<ReturnTo>>,
}

impl Mailed {
    /// For the page that sends the mail, which may be another one than is shown.
    pub fn of(page: &'static str) -> Self {
        let place = expect_context::<Place>();
        let posted = expect_context::<Posted>().take_mailed();
        let sent = posted.map(|to| Sent {
            to,
            again_at_ms: None,
        });
        let is_posted = sent.is_some();
        let here = place.clone();
        let marked = Memo::new(move |_| here.path() == page && here.query_value(MARK).is_some());
        let mailed = Self {
            page,
            place: StoredValue::new(place),
            handed_on: expect_context(),
            sent: RwSignal::new(sent),
            marked,
            return_to: use_return_to(),
        };
        if is_posted {
            Effect::new(move |_| {
                if let Some(sent) = mailed.sent.get_untracked() {
                    mailed.note(&sent.to);
                    mailed.go(true, true);
                }
            });
        }
        Effect::new(move |before: Option<bool>| {
            let marked = mailed.marked.get();
            if marked && mailed.sent.read_untracked().is_none() {
                mailed.look();
            } else if !marked && before == Some(true) {
                // A step back in the history: to the form.
                mailed.sent.set(None);
            }
            marked
        });
        mailed
    }

    /// What the page shows.
    pub fn step(self) -> MailStep {
        match self.sent.get() {
            Some(sent) => MailStep::Sent(sent),
            None if self.marked.get() => MailStep::Looking,
            None => MailStep::Form,
        }
    }

    /// Shows that the mail was sent, as a step in the history; not where the page was left.
    pub fn show(self, to: &str) {
        if !self.sent.is_disposed() {
            self.sent.set(Some(self.note(to)));
            self.go(true, false);
        }
    }

    /// Notes that the mail was sent just now, maybe again.
    pub fn note(self, to: &str) -> Sent {
        let sent = Sent {
            to: to.to_owned(),
            again_at_ms: Some(browser::now_ms() + AGAIN_AFTER_MS),
        };
        browser::keep_mailed(&words::kept_mailed(self.page, &sent));
        self.handed_on.mailed.set_value(Some((self.page, sent.clone())));
        sent
    }

    /// Goes back to the form.
    pub fn forget(self) {
        self.sent.set(None);
        self.go(false, true);
    }

    fn look(self) {
        let here = self.handed_on.mailed.get_value();
        let here = here.and_then(|(page, sent)| (page == self.page).then_some(sent));
        let kept = || {
            let kept = browser::kept_mailed()?;
            words::read_mailed(&kept, self.page, browser::now_ms())
        };
        match here.or_else(kept) {
            Some(sent) => {
                // For the form, if the address was wrong.
                self.handed_on.email.set(sent.to.clone());
                self.sent.set(Some(sent));
            }
            None => self.go(false, true),
        }
    }

    fn go(self, marked: bool, in_place: bool) {
        let mut to = words::with_return_to(self.page, self.return_to.get_untracked().as_ref());
        if marked {
            to.push(if to.contains('?') { '&' } else { '?' });
            to.push_str(MARK);
            to.push_str("=1");
        }
        let place = self.place.get_value();
        if in_place {
            place.go_in_place(&to);
        } else {
            place.go(&to);
        }
    }
}
