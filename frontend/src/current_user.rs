//! [`CurrentUser`]: who is signed in, known to every component through the context.

use std::{
    future::poll_fn,
    task::{Poll, Waker},
};

use leptos::{prelude::*, task::spawn_local};
use shared::User;
use web_sys::Url;

use crate::{Error, api, browser};

/// Who is signed in in this browser, as far as this page knows.
#[derive(Clone, Copy)]
pub struct CurrentUser {
    who: RwSignal<Who>,
    sent: RwSignal<Option<Sent>>,
    /// Whether the person is asked to sign in again over the page.
    asked_again: RwSignal<bool>,
    /// Whether they did, when they were asked last.
    renewed: StoredValue<bool>,
    /// What waits for that.
    waiting: StoredValue<Vec<Waker>>,
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
            asked_again: RwSignal::new(false),
            renewed: StoredValue::new(false),
            waiting: StoredValue::new(Vec::new()),
        }
    }

    /// What the guards need to know.
    pub fn access(self) -> Access {
        self.who.track();
        self.access_untracked()
    }

    fn access_untracked(self) -> Access {
        self.who.with_untracked(|who| match who {
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

    /// Notes who signed in, if the browser keeps the cookies of that.
    ///
    /// # Errors
    /// [`Error::NoCookies`].
    pub fn signs_in(self, user: User) -> Result<(), Error> {
        if !browser::signed_in_hint() {
            return Err(Error::NoCookies);
        }
        self.set(user);
        Ok(())
    }

    /// Notes who signed in, or how the user is now.
    pub fn set(self, user: User) {
        let (is_same, is_known) = self.who.with_untracked(|who| match who {
            Who::User(known) => (known.id == user.id, *known == user),
            _ => (false, false),
        });
        if !is_known {
            self.who.set(Who::User(user));
        }
        // What waits was asked for by the one who was here before.
        self.answer_again(is_same);
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
        self.answer_again(false);
    }

    /// Makes a call of somebody who is signed in. If it turns out that the session has ended, the
    /// person is asked to sign in again over the page, and the call is made once more: what they
    /// typed stays.
    ///
    /// # Errors
    /// Those of the call; the one that says that the session is over, if the person does not sign
    /// in again.
    pub async fn call<T, Answer>(self, call: impl Fn() -> Answer) -> Result<T, Error>
    where
        Answer: Future<Output = Result<T, Error>>,
    {
        let answer = call().await;
        if !answer.as_ref().is_err_and(Error::is_signed_out) || !self.signs_in_again().await {
            return answer;
        }
        call().await
    }

    /// Asks the person to sign in again, whose session has ended; whether they did. Who was never
    /// known is nobody.
    pub async fn signs_in_again(self) -> bool {
        if self.access_untracked() != Access::SignedIn {
            self.set_nobody();
            return false;
        }
        self.asked_again.set(true);
        poll_fn(|context| {
            if self.asked_again.get_untracked() {
                self.waiting
                    .update_value(|waiting| waiting.push(context.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(self.renewed.get_value())
            }
        })
        .await
    }

    /// Whether the person is asked to sign in again.
    pub fn is_asked_again(self) -> bool {
        self.asked_again.get()
    }

    /// Ends the question whether the person signs in again.
    pub fn answer_again(self, renewed: bool) {
        if !self.asked_again.get_untracked() {
            return;
        }
        self.renewed.set_value(renewed);
        self.asked_again.set(false);
        let waiting = self.waiting.try_update_value(std::mem::take);
        waiting.unwrap_or_default().into_iter().for_each(Waker::wake);
    }

    /// Asks the backend who is signed in, if the cookie hints at anybody. Who is known stays known
    /// when no answer comes, and is asked to sign in again when the session has ended.
    pub fn recheck(self) {
        spawn_local(async move {
            if !browser::signed_in_hint() {
                self.signs_in_again().await;
                return;
            }
            match self.call(api::profile).await {
                Ok(response) => self.set(response.user),
                Err(error) if error.is_signed_out() => {}
                Err(error) => {
                    if self.access_untracked() != Access::SignedIn {
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
