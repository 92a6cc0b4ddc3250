//! `/auth-redirect`: where the links in mails end.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use shared::{ReturnTo, auth_redirect};

use crate::{
    CurrentUser, Error, HandedOn, Submission, api, browser,
    components::{DeadLink, ErrorMessage, Heading, Mail, NoLink, Skeleton, SubmitButton, WaitingLink},
};

/// How far the link got.
#[derive(Clone)]
enum Step {
    /// The answer is awaited.
    Opening,
    /// The link is of another browser: it waits for a click.
    Confirm { email: Option<String> },
    /// Used, expired, replaced or broken.
    Dead,
    /// No answer.
    Failed(Error),
    /// A change of address was confirmed.
    AddressChanged,
    /// Opened without a link.
    NoLink,
}

/// Redeems the link's access token: by itself in the browser that asked for the mail, after a
/// click in any other. The one that allows a new password goes on to `/reset-password`.
#[component]
pub fn AuthRedirect() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let handed_on = expect_context::<HandedOn>();
    let navigate = use_navigate();
    let value = {
        let query = use_query_map().get_untracked();
        move |name: &str| query.get(name)
    };
    let (access_token, action) = (value("access_token"), value("action"));
    let dead = value("error").is_some();
    let changes_address = action.as_deref() == Some("change-email");
    let mail = match action.as_deref() {
        Some("email-confirm") => Mail::VerifyEmail,
        Some("reset-pwd") => Mail::ResetPassword,
        _ => Mail::MagicLink,
    };
    let step = RwSignal::new(match &access_token {
        _ if dead => Step::Dead,
        Some(_) => Step::Opening,
        None if changes_address && value("status").as_deref() == Some("200") => Step::AddressChanged,
        None => Step::NoLink,
    });
    let secret = access_token.unwrap_or_default();
    let form = Submission::new(&[]);

    let redeem = {
        let (access_token, navigate) = (secret.clone(), navigate.clone());
        move |confirmed: bool| {
            let typed = auth_redirect::Form {
                access_token: access_token.clone(),
                confirmed,
            };
            let navigate = navigate.clone();
            async move {
                match api::auth_redirect(typed).await {
                    Ok(response) => match response.user {
                        Some(user) => {
                            current_user.set(user);
                            let kept = browser::take_return_to();
                            navigate(kept.as_ref().map_or("/profile", ReturnTo::as_str), in_place());
                        }
                        None => step.set(Step::Confirm {
                            email: response.email,
                        }),
                    },
                    Err(error) if error.is_dead_link() => step.set(Step::Dead),
                    Err(error) => return Err(error),
                }
                Ok(())
            }
        }
    };
    let open = {
        let redeem = redeem.clone();
        Callback::new(move |()| {
            step.set(Step::Opening);
            let opening = redeem(false);
            spawn_local(async move {
                if let Err(error) = opening.await {
                    step.set(Step::Failed(error));
                }
            });
        })
    };
    let confirm = Callback::new(move |()| form.send(redeem(true)));

    Effect::new(move |_| {
        let asks = matches!(step.get_untracked(), Step::Opening);
        let resets = asks && mail == Mail::ResetPassword;
        if resets {
            handed_on.access_token.set_value(Some(secret.clone()));
        }
        // The secret must not stay in the address bar, the history or a screenshot.
        navigate(
            if resets {
                "/reset-password"
            } else {
                "/auth-redirect"
            },
            in_place(),
        );
        if asks && !resets {
            open.run(());
        }
    });

    move || match step.get() {
        Step::Opening => view! { <Skeleton /> }.into_any(),
        Step::Confirm { email } => view! { <Confirm email form confirm /> }.into_any(),
        Step::Dead if changes_address => view! { <AddressNotChanged /> }.into_any(),
        Step::Dead => view! { <DeadLink mail /> }.into_any(),
        Step::Failed(error) => view! { <WaitingLink error on_retry=open /> }.into_any(),
        Step::AddressChanged => view! { <AddressChanged /> }.into_any(),
        Step::NoLink => view! {
            <NoLink>
                <a href="/magic-link">"Sign in with a link"</a>
                <a href="/sign-in">"Sign in with a password"</a>
                <a href="/forgot-password">"Choose a new password"</a>
            </NoLink>
        }
        .into_any(),
    }
}

/// Without a step in the history.
fn in_place() -> NavigateOptions {
    NavigateOptions {
        replace: true,
        ..Default::default()
    }
}

/// Whose account the link opens, and a click to go on.
#[component]
fn Confirm(email: Option<String>, form: Submission, confirm: Callback<()>) -> impl IntoView {
    let go_on = match email {
        Some(email) => format!("Continue as {email}"),
        None => "Continue".to_owned(),
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        confirm.run(());
    };
    view! {
        <section class="card">
            <Heading title="Continue here?">"Continue in this browser?"</Heading>
            <p>
                "This link was not asked for in this browser. If the mail is yours, continue and you are signed in here. "
                "If it is not, close this page: nothing has happened."
            </p>
            <form method="post" novalidate on:submit=submit>
                <ErrorMessage error=form.failure() />
                <SubmitButton form>{go_on}</SubmitButton>
            </form>
        </section>
    }
}

/// The end of a change of address.
#[component]
fn AddressChanged() -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Address changed">"Your address is changed"</Heading>
            <p>"From now on, sign in with your new email address."</p>
            <a class="button" href="/profile">
                "Go to your profile"
            </a>
        </section>
    }
}

/// A change of address that was cancelled, replaced, or left for too long.
#[component]
fn AddressNotChanged() -> impl IntoView {
    view! {
        <section class="card">
            <Heading title="Link expired">"This link no longer works"</Heading>
            <p>"It was used already, is too old, or the change was cancelled."</p>
            <a class="button" href="/security">
                "See your address"
            </a>
        </section>
    }
}
