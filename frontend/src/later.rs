//! [`Later`]: what travels in files of its own. The first file is the app and `/sign-in`; browsers
//! fetch the others when they are near.

#![expect(
    clippy::unnecessary_wraps,
    reason = "`wasm_split` tells its failures by the result"
)]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError, wasm_split::wasm_split};

use crate::{
    Error,
    components::Avatar,
    pages::{
        AuthRedirect, ForgotPassword, Index, MagicLink, NotFound, Profile, ResetPassword, Security, SignUp,
        VerifyEmail,
    },
};

/// A page that travels later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaterPage {
    Index,
    SignUp,
    VerifyEmail,
    MagicLink,
    ForgotPassword,
    ResetPassword,
    AuthRedirect,
    NotFound,
    Profile,
    Security,
}

/// A file of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a visitor needs who is not signed in, and where mail links end.
    Visitor,
    /// The pages behind the way in.
    Account,
}

impl LaterPage {
    /// The file it is in.
    pub(crate) fn part(self) -> Part {
        match self {
            Self::Profile | Self::Security => Part::Account,
            _ => Part::Visitor,
        }
    }
}

/// How far the files are, known to every component through the context.
#[derive(Clone, Copy)]
pub struct Later {
    visitor: RwSignal<Stage>,
    account: RwSignal<Stage>,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody asked for it yet.
    Elsewhere,
    /// It is on its way.
    Coming,
    /// Its pages can be shown.
    Here,
    /// It could not be fetched; another try may fetch it.
    Failed,
}

impl Later {
    /// Nothing was asked for yet but what is here; on the server everything is.
    pub fn new(here: Option<Part>) -> Self {
        let stage = |part| {
            if here == Some(part) || cfg!(feature = "ssr") {
                Stage::Here
            } else {
                Stage::Elsewhere
            }
        };
        Self {
            visitor: RwSignal::new(stage(Part::Visitor)),
            account: RwSignal::new(stage(Part::Account)),
        }
    }

    fn part(self, part: Part) -> RwSignal<Stage> {
        match part {
            Part::Visitor => self.visitor,
            Part::Account => self.account,
        }
    }

    /// How far a file is.
    pub fn stage(self, part: Part) -> Stage {
        self.part(part).get()
    }

    /// Why pages cannot be shown, if their file could not be fetched.
    pub fn failure(self) -> Option<Error> {
        let failed = |part| self.stage(part) == Stage::Failed;
        (failed(Part::Visitor) || failed(Part::Account)).then_some(Error::Network)
    }

    /// Fetches a file for an app that starts with one of its pages; whether it came.
    pub async fn fetch_first(part: Part) -> bool {
        let fetched = match part {
            Part::Visitor => fetch_visitor().await,
            Part::Account => fetch_account().await,
        };
        fetched.is_ok()
    }

    /// Fetches a file, unless it is here or on its way.
    pub fn fetch(self, part: Part) {
        let stage = self.part(part);
        if matches!(stage.get_untracked(), Stage::Here | Stage::Coming) {
            return;
        }
        stage.set(Stage::Coming);
        spawn_local(async move {
            stage.set(if Self::fetch_first(part).await {
                Stage::Here
            } else {
                Stage::Failed
            });
        });
    }

    /// Fetches every file.
    pub fn fetch_all(self) {
        self.fetch(Part::Visitor);
        self.fetch(Part::Account);
    }

    /// Fetches again what could not be fetched.
    pub fn retry(self) {
        for part in [Part::Visitor, Part::Account] {
            if self.part(part).get_untracked() == Stage::Failed {
                self.fetch(part);
            }
        }
    }

    /// A page; `None` before its file is here.
    pub(crate) fn view(page: LaterPage) -> Option<AnyView> {
        match page.part() {
            Part::Visitor => at_once(visitor(page)),
            Part::Account => at_once(account(Some(page))),
        }
    }

    /// The picture of who is signed in; `None` before its file is here.
    pub fn avatar(self) -> Option<AnyView> {
        (self.stage(Part::Account) == Stage::Here)
            .then(|| at_once(account(None)))
            .flatten()
    }
}

/// With the file there, nothing is left to wait for.
fn at_once(view: impl Future<Output = Result<AnyView, SplitLoaderError>>) -> Option<AnyView> {
    match pin!(view).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(view)) => Some(view),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

/// `frontend/splitter/` puts what only this function needs into a file.
#[wasm_split(
    visitor,
    wasm_split_path = ::leptos::wasm_split,
    fallible,
    preload(fetch_visitor)
)]
fn visitor(page: LaterPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        LaterPage::Index => view! { <Index /> }.into_any(),
        LaterPage::SignUp => view! { <SignUp /> }.into_any(),
        LaterPage::VerifyEmail => view! { <VerifyEmail /> }.into_any(),
        LaterPage::MagicLink => view! { <MagicLink /> }.into_any(),
        LaterPage::ForgotPassword => view! { <ForgotPassword /> }.into_any(),
        LaterPage::ResetPassword => view! { <ResetPassword /> }.into_any(),
        LaterPage::AuthRedirect => view! { <AuthRedirect /> }.into_any(),
        _ => view! { <NotFound /> }.into_any(),
    })
}

/// The same for the pages behind the way in, and without a page for the picture.
#[wasm_split(
    account,
    wasm_split_path = ::leptos::wasm_split,
    fallible,
    preload(fetch_account)
)]
fn account(page: Option<LaterPage>) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        None => view! { <Avatar /> }.into_any(),
        Some(LaterPage::Security) => view! { <Security /> }.into_any(),
        Some(_) => view! { <Profile /> }.into_any(),
    })
}
