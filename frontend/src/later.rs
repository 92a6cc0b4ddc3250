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
    Error, browser,
    components::{Avatar, AvatarEditor, Sessions, SignInAgain},
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
    /// What the profile shows first.
    Profile,
    /// What else is behind the way in: security, and what the profile shows a moment later.
    Account,
}

impl Part {
    const ALL: [Self; 3] = [Self::Visitor, Self::Profile, Self::Account];

    /// Stands in the name of each file that it needs: `frontend/splitter/` writes them.
    #[cfg(feature = "ssr")]
    pub(crate) fn in_file_names(self) -> &'static str {
        match self {
            Self::Visitor => "_visitor",
            Self::Profile => "_profile",
            Self::Account => "_account",
        }
    }
}

/// What travels in the file [`Part::Account`].
enum AccountView {
    Security,
    Sessions,
    SignInAgain,
    AvatarEditor(RwSignal<Option<String>>),
}

impl LaterPage {
    /// The file it is in.
    pub(crate) fn part(self) -> Part {
        match self {
            Self::Profile => Part::Profile,
            Self::Security => Part::Account,
            _ => Part::Visitor,
        }
    }
}

/// How far the files are, known to every component through the context.
#[derive(Clone, Copy)]
pub struct Later {
    visitor: RwSignal<Stage>,
    profile: RwSignal<Stage>,
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
            profile: RwSignal::new(stage(Part::Profile)),
            account: RwSignal::new(stage(Part::Account)),
        }
    }

    fn part(self, part: Part) -> RwSignal<Stage> {
        match part {
            Part::Visitor => self.visitor,
            Part::Profile => self.profile,
            Part::Account => self.account,
        }
    }

    /// How far a file is.
    pub fn stage(self, part: Part) -> Stage {
        self.part(part).get()
    }

    /// Why pages cannot be shown, if a file could not be fetched.
    pub fn failure(self) -> Option<Error> {
        Part::ALL.into_iter().find_map(|part| self.failure_of(part))
    }

    /// Why what is in this file cannot be shown, if it could not be fetched.
    pub fn failure_of(self, part: Part) -> Option<Error> {
        (self.stage(part) == Stage::Failed).then(|| {
            if browser::lacks_something() {
                Error::Browser
            } else {
                Error::Network
            }
        })
    }

    /// Fetches a file for an app that starts with one of its pages; whether it came.
    pub async fn fetch_first(part: Part) -> bool {
        let fetched = match part {
            Part::Visitor => fetch_visitor().await,
            Part::Profile => fetch_profile().await,
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
        self.fetch_account();
    }

    /// Fetches what is behind the way in.
    pub fn fetch_account(self) {
        self.fetch(Part::Profile);
        self.fetch(Part::Account);
    }

    /// Fetches again what could not be fetched.
    pub fn retry(self) {
        for part in Part::ALL {
            if self.part(part).get_untracked() == Stage::Failed {
                self.fetch(part);
            }
        }
    }

    /// A page; `None` before its file is here.
    pub(crate) fn view(page: LaterPage) -> Option<AnyView> {
        match page.part() {
            Part::Visitor => at_once(visitor(page)),
            Part::Profile => at_once(profile(Some(page))),
            Part::Account => at_once(account(AccountView::Security)),
        }
    }

    /// The picture of who is signed in; `None` before its file is here.
    pub fn avatar(self) -> Option<AnyView> {
        (self.stage(Part::Profile) == Stage::Here)
            .then(|| at_once(profile(None)))
            .flatten()
    }

    /// The signed-in browsers; `None` before their file is here.
    pub fn sessions(self) -> Option<AnyView> {
        self.account(AccountView::Sessions)
    }

    /// What asks for the password again; `None` before its file is here.
    pub fn sign_in_again(self) -> Option<AnyView> {
        self.account(AccountView::SignInAgain)
    }

    /// What changes the user's picture; `None` before its file is here. `preview` gets the picture
    /// that is being sent.
    pub fn avatar_editor(self, preview: RwSignal<Option<String>>) -> Option<AnyView> {
        self.account(AccountView::AvatarEditor(preview))
    }

    fn account(self, view: AccountView) -> Option<AnyView> {
        (self.stage(Part::Account) == Stage::Here)
            .then(|| at_once(account(view)))
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

/// The same for the profile, and without a page for the picture.
#[wasm_split(
    profile,
    wasm_split_path = ::leptos::wasm_split,
    fallible,
    preload(fetch_profile)
)]
fn profile(page: Option<LaterPage>) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        None => view! { <Avatar /> }.into_any(),
        Some(_) => view! { <Profile /> }.into_any(),
    })
}

/// The same for what else is behind the way in.
#[wasm_split(
    account,
    wasm_split_path = ::leptos::wasm_split,
    fallible,
    preload(fetch_account)
)]
fn account(view: AccountView) -> Result<AnyView, SplitLoaderError> {
    Ok(match view {
        AccountView::Security => view! { <Security /> }.into_any(),
        AccountView::Sessions => view! { <Sessions /> }.into_any(),
        AccountView::SignInAgain => view! { <SignInAgain /> }.into_any(),
        AccountView::AvatarEditor(preview) => view! { <AvatarEditor preview /> }.into_any(),
    })
}
