//! `/reset-password`: sets a new password with the mail link that `/auth-redirect` handed on.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use shared::{auth_redirect, reset_password};

use crate::{
    CurrentUser, Error, HandedOn, Posted, Submission, api,
    components::{
        AccountName, DeadLink, ErrorMessage, Heading, Mail, NewPasswordField, NoLink, Skeleton, SubmitButton,
        WaitingLink,
    },
};

/// How far the reset got.
#[derive(Clone)]
enum Step {
    /// Opened without a link.
    NoLink,
    /// The answer is awaited.
    Opening,
    /// The password can be set; of which account, if Altogic tells.
    Choose { email: Option<String> },
    /// Used, expired, replaced or broken.
    Dead,
    /// No answer.
    Failed(Error),
    /// The password is set.
    Done,
}

/// Names the account and asks for its new password. Nothing is used up before that is sent.
#[component]
pub fn ResetPassword() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let handed_on = expect_context::<HandedOn>();
    let posted = expect_context::<Posted>();
    let dead = posted.is_refused_for("invalid_access_token");
    let form = Submission::new(&["password"]);
    let password = RwSignal::new(String::new());
    let handed = handed_on.access_token.get_value();
    let sent = posted.take_typed("access_token");
    let step = RwSignal::new(match (&handed, &sent) {
        _ if posted.take_done() => Step::Done,
        _ if dead => Step::Dead,
        (Some(_), _) => Step::Opening,
        (None, Some(_)) => Step::Choose {
            email: posted.take_typed("username"),
        },
        (None, None) => Step::NoLink,
    });
    let access_token = StoredValue::new(handed.or(sent).unwrap_or_default());

    let open = Callback::new(move |()| {
        step.set(Step::Opening);
        let opening = api::auth_redirect(auth_redirect::Form {
            access_token: access_token.get_value(),
            ..auth_redirect::Form::default()
        });
        spawn_local(async move {
            step.set(match opening.await {
                Ok(response) => Step::Choose {
                    email: response.email,
                },
                Err(error) if error.is_dead_link() => Step::Dead,
                Err(error) => Step::Failed(error),
            });
        });
    });
    Effect::new(move |_| {
        if matches!(step.get_untracked(), Step::Opening) {
            open.run(());
        }
    });

    let submit = Callback::new(move |email: Option<String>| {
        let typed = reset_password::NewForm {
            access_token: access_token.get_value(),
            password: password.get_untracked(),
        };
        form.send(async move {
            match api::reset_password(typed).await {
                Ok(()) => {
                    handed_on.access_token.set_value(None);
                    handed_on.email.set(email.unwrap_or_default());
                    current_user.set_nobody();
                    step.set(Step::Done);
                }
                Err(error) if error.is_dead_link() => step.set(Step::Dead),
                Err(error) => return Err(error),
            }
            Ok(())
        });
    });

    move || match step.get() {
        Step::NoLink => view! {
            <NoLink title="Choose a new password">
                <a href="/forgot-password">"Choose a new password"</a>
                <a href="/sign-in">"Sign in"</a>
            </NoLink>
        }
        .into_any(),
        Step::Opening => view! { <Skeleton /> }.into_any(),
        Step::Choose { email } => {
            view! { <Choose email access_token=access_token.get_value() form password submit /> }.into_any()
        }
        Step::Dead => view! { <DeadLink mail=Mail::ResetPassword /> }.into_any(),
        Step::Failed(error) => view! { <WaitingLink error on_retry=open /> }.into_any(),
        Step::Done => view! { <Done /> }.into_any(),
    }
}

#[component]
fn Choose(
    email: Option<String>,
    access_token: String,
    form: Submission,
    password: RwSignal<String>,
    submit: Callback<Option<String>>,
) -> impl IntoView {
    let account = email.clone().map(|email| {
        view! { <p>"For the account " <strong class="address">{email}</strong> "."</p> }
    });
    let name = email.clone().unwrap_or_default();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        submit.run(email.clone());
    };
    view! {
        <section class="card">
            <Heading title="New password" forms=vec![form]>
                "Choose a new password"
            </Heading>
            {account}
            <p>"A new password signs out every browser in which the account is open."</p>
            <form method="post" action="/reset-password" novalidate on:submit=send>
                <ErrorMessage error=form.failure() />
                <input type="hidden" name="access_token" value=access_token />
                <AccountName email=name />
                <NewPasswordField form name="password" value=password />
                <SubmitButton form>"Save the new password"</SubmitButton>
            </form>
        </section>
    }
}

#[component]
fn Done() -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Password changed">"Your password is changed"</Heading>
            <p>"Every browser is signed out. From now on, sign in with the new password."</p>
            <a class="button" href="/sign-in">
                "Sign in"
            </a>
        </section>
    }
}
