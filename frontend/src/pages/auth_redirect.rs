//! `/auth-redirect`: where the links in mails end.

use leptos::{prelude::*, task::spawn_local};
use shared::{ReturnTo, auth_redirect};

use crate::{
    CurrentUser, Error, HandedOn, Place, Posted, Submission, api, browser,
    components::{
        DeadLink, ErrorMessage, Heading, Mail, NoLink, Skeleton, SubmitButton, WaitingLink, WithoutApp,
    },
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
    let place = expect_context::<Place>();
    let Link {
        access_token,
        mail,
        changes_address,
        step,
    } = Link::read();
    let step = RwSignal::new(step);
    let secret = access_token.unwrap_or_default();
    let form = Submission::new(&[]);

    let redeem = {
        let (access_token, place) = (secret.clone(), place.clone());
        move |confirmed: bool| {
            let typed = auth_redirect::Form {
                access_token: access_token.clone(),
                confirmed,
                ..auth_redirect::Form::default()
            };
            let place = place.clone();
            async move {
                match api::auth_redirect(typed).await {
                    Ok(response) => match response.user {
                        Some(user) => {
                            current_user.set(user);
                            let kept = browser::take_return_to();
                            place.go_in_place(kept.as_ref().map_or("/profile", ReturnTo::as_str));
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
    let without_app = cfg!(feature = "ssr").then(|| secret.clone());
    let confirm = Callback::new(move |()| form.send(redeem(true)));

    Effect::new(move |_| {
        let asks = matches!(step.get_untracked(), Step::Opening);
        let resets = asks && mail == Mail::ResetPassword;
        if resets {
            handed_on.access_token.set_value(Some(secret.clone()));
        }
        // The secret must not stay in the address bar, the history or a screenshot.
        place.go_in_place(if resets {
            "/reset-password"
        } else {
            "/auth-redirect"
        });
        if asks && !resets {
            open.run(());
        }
    });

    move || match step.get() {
        Step::Opening => view! {
            <Skeleton />
            {without_app.clone().map(|access_token| view! { <OpenWithoutApp mail access_token /> })}
        }
        .into_any(),
        Step::Confirm { email } => view! { <Confirm email form confirm /> }.into_any(),
        Step::Dead if changes_address => view! { <AddressNotChanged /> }.into_any(),
        Step::Dead => view! { <DeadLink mail /> }.into_any(),
        Step::Failed(error) => view! {
            <WaitingLink error on_retry=open />
            {without_app.clone().map(|access_token| view! { <OpenWithoutApp mail access_token /> })}
        }
        .into_any(),
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

/// What the address of the page says.
struct Link {
    access_token: Option<String>,
    mail: Mail,
    changes_address: bool,
    step: Step,
}

impl Link {
    fn read() -> Self {
        let posted = expect_context::<Posted>();
        let place = expect_context::<Place>();
        let value = |name: &str| untrack(|| place.query_value(name));
        let access_token = value("access_token").or_else(|| posted.take_typed("access_token"));
        let action = value("action");
        let refusal = posted.take_refusal();
        let dead = value("error").is_some() || refusal.as_ref().is_some_and(Error::is_dead_link);
        let changes_address = action.as_deref() == Some("change-email");
        let step = match (&access_token, refusal) {
            _ if dead => Step::Dead,
            (Some(_), Some(error)) => Step::Failed(error),
            (Some(_), None) => Step::Opening,
            (None, _) if changes_address && value("status").as_deref() == Some("200") => Step::AddressChanged,
            (None, _) => Step::NoLink,
        };
        let mail = match action.as_deref() {
            Some("email-confirm") => Mail::VerifyEmail,
            Some("reset-pwd") => Mail::ResetPassword,
            _ => Mail::MagicLink,
        };
        Self {
            access_token,
            mail,
            changes_address,
            step,
        }
    }
}

/// The click that opens the link where the app cannot run.
#[component]
fn OpenWithoutApp(mail: Mail, access_token: String) -> impl IntoView {
    let (action, go_on) = match mail {
        Mail::ResetPassword => ("/reset-password", "Choose a new password"),
        Mail::VerifyEmail | Mail::MagicLink => ("/auth-redirect", "Continue"),
    };
    view! {
        <WithoutApp>
            <section class="card">
                <h1>"Continue in this browser?"</h1>
                <p>
                    "If you asked for the mail with this link, continue. "
                    "If you did not, close this page: nothing has happened."
                </p>
                <form method="post" action=action>
                    <input type="hidden" name="access_token" value=access_token />
                    <button type="submit" class="button">
                        {go_on}
                    </button>
                </form>
            </section>
        </WithoutApp>
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
