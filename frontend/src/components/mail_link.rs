//! What the pages at the end of a mail link say when the link does not open them.

use leptos::prelude::*;

use super::{ErrorMessage, Heading, Mail, MailForm, Skeleton, WithoutApp};
use crate::{Access, CurrentUser, Error, Submission};

/// A link that opens nothing any more: says so, and whether that matters.
#[component]
pub fn DeadLink(
    /// Which mail the link came in.
    mail: Mail,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let access = Memo::new(move |_| current_user.access());
    move || match access.get() {
        Access::SignedIn => view! { <NotNeeded mail /> }.into_any(),
        // Where nothing can tell more, what is known is that there is a session's cookie.
        Access::Unknown => view! {
            {cfg!(feature = "ssr").then(|| view! { <WithoutApp><NotNeeded mail /></WithoutApp> })}
            <Skeleton />
        }
        .into_any(),
        Access::SignedOut | Access::Unreachable => view! { <AskAgain mail /> }.into_any(),
    }
}

/// A dead link in a browser that is signed in.
#[component]
fn NotNeeded(mail: Mail) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let who = move || {
        let user = current_user.user()?;
        Some(view! { " as " <strong class="address">{user.email}</strong> })
    };
    view! {
        <section class="card">
            <Heading title="Signed in">"You are signed in"</Heading>
            <p>
                "This link no longer works: it is too old, or it or another one was used already. "
                "You do not need it: this browser is signed in" {who} "."
            </p>
            <a class="button" href="/profile">
                "Go to your profile"
            </a>
            {(mail == Mail::ResetPassword)
                .then(|| {
                    view! {
                        <p class="ways">
                            <a href="/security">"Change your password"</a>
                            <a href="/forgot-password">"Mail a new link"</a>
                        </p>
                    }
                })}
        </section>
    }
}

/// The form for a new link.
#[component]
fn AskAgain(
    /// Which mail the link came in.
    mail: Mail,
) -> impl IntoView {
    let form = Submission::new(&["email"]);
    let purpose = match mail {
        Mail::VerifyEmail => "to verify it.",
        Mail::MagicLink => "to sign in.",
        Mail::ResetPassword => "to choose a new password.",
    };
    view! {
        <MailForm
            mail
            form
            intro=move || {
                view! {
                    <Heading title="Link expired" forms=vec![form]>
                        "This link no longer works"
                    </Heading>
                    <p>
                        "It is too old, or it or another one was used already. "
                        "Tell us your address and we mail a new link " {purpose}
                    </p>
                }
            }
        >
            <p class="ways">
                <a href="/sign-in">"Sign in with a password"</a>
            </p>
        </MailForm>
    }
}

/// A link that got no answer, and another try.
#[component]
pub fn WaitingLink(
    /// Why.
    error: Error,
    /// Tries again.
    on_retry: Callback<()>,
) -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Your link is waiting">"Your link is waiting"</Heading>
            <ErrorMessage error=Signal::stored(Some(error)) on_retry />
        </section>
    }
}

/// For who comes without a link.
#[component]
pub fn NoLink(
    /// The page's name in the title.
    title: &'static str,
    /// The ways to a link, for who is signed out.
    children: ChildrenFn,
) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let signed_out = Memo::new(move |_| current_user.access() == Access::SignedOut);
    let ways = move || {
        if signed_out.get() {
            view! {
                <p>"Follow the link in the mail that we sent you. To get a new one, start here:"</p>
                <p class="ways">{children()}</p>
            }
            .into_any()
        } else {
            view! {
                <p>"Follow the link in the mail that we sent you."</p>
                <a class="button" href="/profile">
                    "Go to your profile"
                </a>
            }
            .into_any()
        }
    };
    view! {
        <section class="card">
            <Heading title>"This page is opened from a mail"</Heading>
            {ways}
        </section>
    }
}
