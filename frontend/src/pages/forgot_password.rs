//! `/forgot-password`: asks for an address and mails a link that allows a new password.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    Access, CurrentUser, Submission,
    components::{
        CheckMail, ErrorMessage, Heading, Mail, MailForm, MailStep, Mailed, Skeleton, SubmitButton, WayIn,
    },
};

/// Says the same for every address; asks who is signed in for none.
#[component]
pub fn ForgotPassword() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let access = Memo::new(move |_| current_user.access());
    let email = Memo::new(move |_| current_user.user().map(|user| user.email));
    move || match email.get() {
        Some(email) => view! { <OwnPassword email /> }.into_any(),
        // Without the app nothing more will be known.
        None if access.get() == Access::Unknown && cfg!(not(feature = "ssr")) => {
            view! { <Skeleton /> }.into_any()
        }
        None => view! { <AnyPassword access /> }.into_any(),
    }
}

/// The form for who is signed out.
#[component]
fn AnyPassword(access: Memo<Access>) -> impl IntoView {
    let form = Submission::new(&["email"]);
    let ways = move || {
        if access.get() == Access::Unknown {
            return view! { <a href="/security">"Back to security"</a> }.into_any();
        }
        view! {
            <WayIn page="/sign-in">"Sign in with a password"</WayIn>
            <WayIn page="/magic-link">"Sign in with a link instead"</WayIn>
        }
        .into_any()
    };
    view! {
        <MailForm
            mail=Mail::ResetPassword
            form
            intro=move || {
                view! {
                    <Heading title="Forgot your password?" forms=vec![form]>
                        "Forgot your password?"
                    </Heading>
                    <p>"We mail you a link. Open it and choose a new password."</p>
                }
            }
        >
            <p class="ways">{ways}</p>
        </MailForm>
    }
}

/// One click for who is signed in.
#[component]
fn OwnPassword(email: String) -> impl IntoView {
    const MAIL: Mail = Mail::ResetPassword;
    let form = Submission::new(&[]);
    let mailed = Mailed::of(MAIL.page());
    let to = StoredValue::new(email);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let email = to.get_value();
        form.send(async move {
            MAIL.send(email.clone()).await?;
            mailed.show(&email);
            Ok(())
        });
    };
    move || match mailed.step() {
        MailStep::Sent(sent) => view! { <CheckMail mail=MAIL sent mailed /> }.into_any(),
        MailStep::Looking | MailStep::Form => view! {
            <section class="card">
                <Heading title="Forgot your password?" forms=vec![form]>
                    "Forgot your password?"
                </Heading>
                <p>
                    "We mail a link to " <strong class="address">{to.get_value()}</strong>
                    ". Open it and choose a new password. It signs out every browser, this one too."
                </p>
                <form method="post" novalidate on:submit=submit>
                    <ErrorMessage error=form.failure() />
                    <SubmitButton form>"Send the link"</SubmitButton>
                </form>
                <p class="ways">
                    <a href="/security">"Back to security"</a>
                </p>
            </section>
        }
        .into_any(),
    }
}
