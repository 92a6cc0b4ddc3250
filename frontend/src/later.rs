//! [`Later`]: the pages behind the way in, and those that mail links open. They travel in a file of
//! their own, which browsers fetch when they are near: `/sign-in` is 35 kB lighter without them.

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
    pages::{AuthRedirect, Profile, ResetPassword, Security},
};

/// A page that travels later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaterPage {
    ResetPassword,
    AuthRedirect,
    Profile,
    Security,
}

/// How far the later pages are, known to every component through the context.
#[derive(Clone, Copy)]
pub struct Later(RwSignal<Stage>);

/// How far the later pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody asked for them yet.
    Elsewhere,
    /// They are on their way.
    Coming,
    /// They can be shown.
    Here,
    /// They could not be fetched; another try may fetch them.
    Failed,
}

impl Later {
    /// They are here, or were not asked for yet.
    pub fn new(here: bool) -> Self {
        let stage = if here { Stage::Here } else { Stage::Elsewhere };
        Self(RwSignal::new(stage))
    }

    /// How far they are.
    pub fn stage(self) -> Stage {
        self.0.get()
    }

    /// Why they cannot be shown, if they could not be fetched.
    pub fn failure(self) -> Option<Error> {
        (self.stage() == Stage::Failed).then_some(Error::Network)
    }

    /// Fetches them for an app that starts with one of them; whether they came.
    pub async fn fetch_first() -> bool {
        fetch_pages().await.is_ok()
    }

    /// Fetches them, unless they are here or on their way.
    pub fn fetch(self) {
        if matches!(self.0.get_untracked(), Stage::Here | Stage::Coming) {
            return;
        }
        self.0.set(Stage::Coming);
        spawn_local(async move {
            self.0.set(if Self::fetch_first().await {
                Stage::Here
            } else {
                Stage::Failed
            });
        });
    }

    /// A page; `None` before they are here.
    pub(crate) fn view(page: LaterPage) -> Option<AnyView> {
        // With the file there, nothing is left to wait for.
        match pin!(later(page)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(view)) => Some(view),
            Poll::Ready(Err(_)) | Poll::Pending => None,
        }
    }
}

/// `frontend/splitter/` puts what only this function needs into the file.
#[wasm_split(
    later,
    wasm_split_path = ::leptos::wasm_split,
    fallible,
    preload(fetch_pages)
)]
fn later(page: LaterPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        LaterPage::ResetPassword => view! { <ResetPassword /> }.into_any(),
        LaterPage::AuthRedirect => view! { <AuthRedirect /> }.into_any(),
        LaterPage::Profile => view! { <Profile /> }.into_any(),
        LaterPage::Security => view! { <Security /> }.into_any(),
    })
}
