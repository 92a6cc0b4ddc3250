//! `/profile?plain`: the profile for a browser that cannot run the app.

use leptos::prelude::*;
use shared::User;

use crate::{
    CurrentUser, Error, HandedOn, Later, Place, Posted, Submission,
    components::{
        Avatar, ErrorMessage, Field, FirstHeading, Header, Heading, SubmitButton, Verified, name_problem,
    },
    render::PLAIN_PROFILE,
};

/// Picture, address and name of the user, with the forms that a browser sends by itself.
#[component]
pub fn PlainProfile(
    /// Who is signed in.
    user: User,
    /// How the form fared that the page answers.
    posted: Posted,
) -> impl IntoView {
    let current_user = CurrentUser::new(false);
    current_user.set(user.clone());
    provide_context(Place::new());
    provide_context(posted);
    provide_context(current_user);
    provide_context(HandedOn::new());
    provide_context(FirstHeading::new());
    provide_context(Later::new(None));
    let form = Submission::new(&["name"]);
    let name = RwSignal::new(user.name.clone());
    let greeting = if user.name.is_empty() {
        "Hello".to_owned()
    } else {
        format!("Hello, {}", user.name)
    };
    let verified = user.email_verified;

    view! {
        <Header />
        <main>
            <section class="card">
                <Avatar alt="Your picture" />
                <Heading title="Profile" forms=vec![form]>{greeting}</Heading>
                <p class="email">
                    <span class="address">{user.email}</span>
                    <Verified verified />
                </p>
                <form method="post" action="/profile" novalidate>
                    <ErrorMessage error=form.failure() />
                    <Field form name="name" label="Name" value=name check=name_problem autocomplete="name" />
                    <SubmitButton form>"Save"</SubmitButton>
                </form>
                <form method="post" action="/sign-out">
                    <button type="submit" class="button quiet">
                        "Sign out"
                    </button>
                </form>
                <p class="muted">
                    "To change your picture, password or address, and to see where you are signed in, "
                    "open this page with JavaScript and WebAssembly switched on."
                </p>
            </section>
        </main>
    }
}

/// Why the profile cannot be shown now, and another try.
#[component]
pub fn PlainTrouble(
    /// Why.
    error: Error,
) -> impl IntoView {
    provide_context(Place::new());
    provide_context(CurrentUser::new(true));
    provide_context(FirstHeading::new());
    provide_context(Later::new(None));
    view! {
        <Header />
        <main>
            <section class="card">
                <Heading title="Profile">"Your profile is not there yet"</Heading>
                <p>{error.message()}</p>
                <a class="button" href=PLAIN_PROFILE>
                    "Try again"
                </a>
            </section>
        </main>
    }
}
