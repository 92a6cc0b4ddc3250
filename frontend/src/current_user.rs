//! [`CurrentUser`]: who is signed in, known to every component through the context.

use leptos::{prelude::*, task::spawn_local};
use shared::User;
use web_sys::Url;

use crate::{Error, api, browser};

/// Who is signed in in this browser, as far as this page knows.
#[derive(Clone, Copy)]
pub struct CurrentUser {
    who: RwSignal<Who>,
    sent: RwSignal<Option<Sent>>,
}

/// A picture that this page sent, and so need not download.
#[derive(Clone)]
struct Sent {
    /// Where the server has it.
    address: String,
    /// Where the browser has it.
    object_url: String,
}

#[derive(Clone)]
enum Who {
    Unknown,
    Unreachable(Error),
    Nobody,
    User(User),
}

/// What is known about the visitor, for the guards of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The question is on its way.
    Unknown,
    /// The question got no answer.
    Unreachable,
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is.
    SignedIn,
}

impl CurrentUser {
    /// Nobody; or, with the hint of the cookie, not known until [`recheck`](Self::recheck).
    pub fn new(signed_in_hint: bool) -> Self {
        let who = if signed_in_hint { Who::Unknown } else { Who::Nobody };
        Self {
            who: RwSignal::new(who),
            sent: RwSignal::new(None),
        }
    }

    /// What the guards need to know.
    pub fn access(self) -> Access {
        self.who.with(|who| match who {
            Who::Unknown => Access::Unknown,
            Who::Unreachable(_) => Access::Unreachable,
            Who::Nobody => Access::SignedOut,
            Who::User(_) => Access::SignedIn,
        })
    }

    /// The user, if one is known.
    pub fn user(self) -> Option<User> {
        self.who.with(|who| match who {
            Who::User(user) => Some(user.clone()),
            _ => None,
        })
    }

    /// Why the visitor is not known.
    pub fn unreachable(self) -> Option<Error> {
        self.who.with(|who| match who {
            Who::Unreachable(error) => Some(error.clone()),
            _ => None,
        })
    }

    /// Notes who signed in, or how the user is now.
    pub fn set(self, user: User) {
        let known = self.who.with_untracked(|who| match who {
            Who::User(known) => *known == user,
            _ => false,
        });
        if !known {
            self.who.set(Who::User(user));
        }
    }

    /// Notes how the user is after a picture was sent, or taken away. `object_url` is what was
    /// sent, in this browser's memory: shown for as long as the page lives, or until the user has
    /// another picture.
    pub fn set_avatar(self, user: User, object_url: Option<String>) {
        let sent = user.profile_picture.clone().zip(object_url);
        let sent = sent.map(|(address, object_url)| Sent { address, object_url });
        if let Some(old) = self.sent.get_untracked() {
            let _ = Url::revoke_object_url(&old.object_url);
        }
        self.sent.set(sent);
        self.set(user);
    }

    /// The user's picture, if this page sent it.
    pub fn sent_avatar(self) -> Option<String> {
        let address = self.user()?.profile_picture?;
        let sent = self.sent.get()?;
        (sent.address == address).then_some(sent.object_url)
    }

    /// Notes that nobody is signed in.
    pub fn set_nobody(self) {
        self.who.set(Who::Nobody);
    }

    /// Passes a result on, and notes if it says that the session is over.
    ///
    /// # Errors
    /// The one it was given.
    pub fn heed<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        if result.as_ref().is_err_and(Error::is_signed_out) {
            self.set_nobody();
        }
        result
    }

    /// Asks the backend who is signed in, if the cookie hints at anybody. Who is known stays
    /// known when no answer comes.
    pub fn recheck(self) {
        if !browser::signed_in_hint() {
            self.set_nobody();
            return;
        }
        spawn_local(async move {
            match self.heed(api::profile().await) {
                Ok(response) => self.set(response.user),
                Err(error) if error.is_signed_out() => {}
                Err(error) => {
                    if self.who.with_untracked(|who| !matches!(who, Who::User(_))) {
                        self.who.set(Who::Unreachable(error));
                    }
                }
            }
        });
    }

    /// Asks again after nobody answered.
    pub fn retry(self) {
        self.who.set(Who::Unknown);
        self.recheck();
    }
}
