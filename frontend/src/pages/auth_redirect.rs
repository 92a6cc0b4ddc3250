//! `/auth-redirect`: where the links in mails end.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    ReturnTo,
    auth_redirect::{Form, Needs},
};

use super::link_password::LinkPassword;
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
    /// The link finishes a sign-up of another browser, and waits for its password.
    Password { email: Option<String> },
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
        refusal,
    } = Link::read();
    let step = RwSignal::new(step);
    let secret = access_token.unwrap_or_default();
    let form = Submission::new(&[]);

    let link = Redemption {
        current_user,
        place: place.clone(),
        step,
        access_token: secret.clone(),
    };
    let opened = link.clone();
    let open = Callback::new(move |()| {
        step.set(Step::Opening);
        let opening = opened.clone().redeem(Form::default());
        spawn_local(async move {
            if let Err(error) = opening.await {
                step.set(Step::Failed(error));
            }
        });
    });
    let without_app = cfg!(feature = "ssr").then(|| secret.clone());
    let send = Callback::new(move |(form, typed): (Submission, Form)| {
        form.send(link.clone().redeem(Form {
            confirmed: true,
            ..typed
        }));
    });
    let confirm = Callback::new(move |()| send.run((form, Form::default())));
    let (hidden, refusal) = (StoredValue::new(secret.clone()), StoredValue::new(refusal));

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
            {without_app.clone().map(|access_token| view! { <OpenWithoutApp mail access_token /> })}
            <Skeleton />
        }
        .into_any(),
        Step::Confirm { email } => view! { <Confirm email form confirm /> }.into_any(),
        Step::Password { email } => view! {
            <LinkPassword
                email
                access_token=hidden.get_value()
                refusal=refusal.try_update_value(Option::take).flatten()
                send
            />
        }
        .into_any(),
        Step::Dead if changes_address => view! { <AddressNotChanged /> }.into_any(),
        Step::Dead => view! { <DeadLink mail /> }.into_any(),
        Step::Failed(error) => view! {
            <WaitingLink error on_retry=open />
            {without_app.clone().map(|access_token| view! { <OpenWithoutApp mail access_token /> })}
        }
        .into_any(),
        Step::AddressChanged => view! { <AddressChanged /> }.into_any(),
        Step::NoLink => view! {
            <NoLink title="Open your link">
                <a href="/magic-link">"Sign in with a link"</a>
                <a href="/sign-in">"Sign in with a password"</a>
                <a href="/forgot-password">"Choose a new password"</a>
            </NoLink>
        }
        .into_any(),
    }
}

/// What redeems a link, for as long as its page is shown.
#[derive(Clone)]
struct Redemption {
    current_user: CurrentUser,
    place: Place,
    step: RwSignal<Step>,
    access_token: String,
}

impl Redemption {
    /// Sends the secret with what was clicked or typed, and goes on.
    async fn redeem(self, typed: Form) -> Result<(), Error> {
        let access_token = self.access_token;
        let answer = api::auth_redirect(Form {
            access_token,
            ..typed
        })
        .await;
        let response = match answer {
            Ok(response) => response,
            Err(error) if error.is_dead_link() => {
                self.step.set(Step::Dead);
                return Ok(());
            }
            Err(error) => return Err(error.wrong_password_on("password")),
        };
        if let Some(user) = response.user {
            self.current_user.signs_in(user)?;
            if !self.step.is_disposed() {
                let kept = browser::take_return_to();
                let to = kept.as_ref().map_or("/profile", ReturnTo::as_str);
                self.place.go_in_place(to);
            }
            return Ok(());
        }
        let email = response.email;
        self.step.set(match response.needs {
            Some(Needs::Password) => Step::Password { email },
            None => Step::Confirm { email },
        });
        Ok(())
    }
}

/// What the address of the page says.
struct Link {
    access_token: Option<String>,
    mail: Mail,
    changes_address: bool,
    step: Step,
    /// Why the form for the sign-up's password came back.
    refusal: Option<Error>,
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
        let refusal = refusal.map(|error| error.wrong_password_on("password"));
        let email = posted.take_typed("username");
        let asks_password =
            |error: &Error| email.is_some() || !error.fields(&["password", "new_password"]).is_empty();
        let (asks_password, refusal) = match refusal {
            Some(error) if asks_password(&error) => (true, Some(error)),
            refusal => (email.is_some() && refusal.is_none(), refusal),
        };
        let step = match (&access_token, &refusal) {
            _ if dead => Step::Dead,
            (Some(_), _) if asks_password => Step::Password { email },
            (Some(_), Some(error)) => Step::Failed(error.clone()),
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
            refusal,
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
    let current_user = expect_context::<CurrentUser>();
    let already = move || {
        let user = current_user.user()?;
        Some(view! { <p>"You are signed in here as " <strong class="address">{user.email}</strong> "."</p> })
    };
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
            {already}
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
