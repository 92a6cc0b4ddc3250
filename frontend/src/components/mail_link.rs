//! What the pages at the end of a mail link say when the link does not open them.

use leptos::prelude::*;

use super::{ErrorMessage, Heading, Mail, MailForm};
use crate::{Error, Submission};

/// A link that opens nothing any more, and the form for a new one.
#[component]
pub fn DeadLink(
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
                        "It was used already, is too old, or a newer one took its place. "
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
    /// The ways to a link.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Open your mail">"This page is opened from a mail"</Heading>
            <p>"Follow the link in the mail that we sent you. To get a new one, start here:"</p>
            <p class="ways">{children()}</p>
        </section>
    }
}
