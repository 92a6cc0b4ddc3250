//! [`MailForm`]: an address, and a mail to it.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::Email;

use super::{
    CheckMail, ErrorMessage, Field, Mail, MailStep, Mailed, Skeleton, SubmitButton, WithoutApp, use_way_in,
};
use crate::{HandedOn, Submission};

/// Asks for an address, sends the mail, then shows [`CheckMail`] in place of `intro` and form.
#[component]
pub fn MailForm(
    /// Which mail.
    mail: Mail,
    /// The form's state, which the page's heading shares.
    form: Submission,
    /// The heading and the words above the form.
    #[prop(into)]
    intro: ViewFn,
    /// The links below the form.
    children: ChildrenFn,
) -> impl IntoView {
    let email = expect_context::<HandedOn>().email;
    let mailed = Mailed::of(mail.page());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let address = email.get_untracked();
        form.send(async move {
            mail.send(address.clone()).await?;
            mailed.show(address.trim());
            Ok(())
        });
    };
    let children = StoredValue::new(children);
    let action = use_way_in(mail.page());

    let form = move || -> AnyView {
        view! {
            <section class="card">
                {intro.run()}
                <form method="post" action=action novalidate on:submit=submit>
                    <ErrorMessage error=form.failure() />
                    <Field
                        form
                        name="email"
                        label="Email address"
                        value=email
                        check=email_problem
                        kind="email"
                        autocomplete="email"
                    />
                    <SubmitButton form>"Send the link"</SubmitButton>
                </form>
                {children.with_value(|children| children())}
            </section>
        }
        .into_any()
    };

    move || match mailed.step() {
        MailStep::Sent(sent) => view! { <CheckMail mail sent mailed /> }.into_any(),
        MailStep::Looking => looking(form()),
        MailStep::Form => form(),
    }
}

/// Stands for the page that waits for a mail until it is known where that went: only the app
/// knows.
pub fn looking(form: AnyView) -> AnyView {
    // The app knows it at once.
    let form = cfg!(feature = "ssr").then(|| view! { <WithoutApp>{form}</WithoutApp> }.into_any());
    view! {
        {form}
        <Skeleton />
    }
    .into_any()
}

/// What is wrong with a typed address.
pub fn email_problem(typed: String) -> Option<String> {
    Email::try_from(typed).err().map(|invalid| invalid.message)
}
