//! `/sign-up`: name, address, password.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::sign_up;

use crate::{
    CurrentUser, HandedOn, Posted, Submission, api,
    components::{
        CheckMail, ErrorMessage, ErrorSummary, Field, Heading, Mail, MailStep, Mailed, NewPasswordField,
        SubmitButton, WayIn, email_problem, looking, name_problem, use_way_in,
    },
};

/// Makes an account; then signs in at once, or says that a mail is on its way.
#[component]
pub fn SignUp() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let posted = expect_context::<Posted>();
    let taken = RwSignal::new(posted.is_refused_for("email_not_unique"));
    let form = Submission::new(&["name", "email", "password"]);
    let email = expect_context::<HandedOn>().email;
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let mailed = Mailed::of("/sign-up");
    let action = use_way_in("/sign-up");

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = sign_up::Form {
            name: name.get_untracked(),
            email: email.get_untracked(),
            password: password.get_untracked(),
        };
        let address = typed.email.trim().to_owned();
        form.send(async move {
            let result = api::sign_up(typed).await;
            taken.set(
                result
                    .as_ref()
                    .is_err_and(|error| error.has_code("email_not_unique")),
            );
            match result?.user {
                Some(user) => current_user.signs_in(user)?,
                None => mailed.show(&address),
            }
            Ok(())
        });
    };

    let page = move || -> AnyView {
        view! {
            <section class="card">
                <Heading title="Sign up" forms=vec![form]>"Sign up"</Heading>
                <form method="post" action=action novalidate on:submit=submit>
                    <ErrorMessage error=form.failure() />
                    <ErrorSummary form />
                    <Field form name="name" label="Name" value=name check=name_problem autocomplete="name" />
                    <Field
                        form
                        name="email"
                        label="Email address"
                        value=email
                        check=email_problem
                        kind="email"
                        autocomplete="username"
                    />
                    {move || {
                        taken
                            .get()
                            .then(|| {
                                view! {
                                    <p class="aside">
                                        "Is it yours? " <WayIn page="/sign-in">"Sign in instead"</WayIn>
                                    </p>
                                }
                            })
                    }}
                    <NewPasswordField form name="password" label="Password" value=password />
                    <SubmitButton form>"Sign up"</SubmitButton>
                </form>
                <p class="ways">
                    <span>"Have an account? " <WayIn page="/sign-in">"Sign in"</WayIn></span>
                </p>
            </section>
        }
        .into_any()
    };

    move || match mailed.step() {
        MailStep::Sent(sent) => view! { <CheckMail mail=Mail::VerifyEmail sent mailed /> }.into_any(),
        MailStep::Looking => looking(page()),
        MailStep::Form => page(),
    }
}
