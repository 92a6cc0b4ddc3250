//! [`MailForm`]: an address, and a mail to it.

use leptos::{ev::SubmitEvent, prelude::*};
use shared::Email;

use super::{CheckMail, ErrorMessage, Field, Mail, SubmitButton, use_way_in};
use crate::{HandedOn, Posted, Submission};

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
    let sent_to = RwSignal::new(expect_context::<Posted>().take_mailed());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let address = email.get_untracked();
        form.send(async move {
            mail.send(address.clone()).await?;
            sent_to.set(Some(address.trim().to_owned()));
            Ok(())
        });
    };
    let children = StoredValue::new(children);
    let action = use_way_in(mail.page());

    move || match sent_to.get() {
        Some(email) => view! {
            <CheckMail mail email on_wrong_address=Callback::new(move |()| sent_to.set(None)) />
        }
        .into_any(),
        None => view! {
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
        .into_any(),
    }
}

/// What is wrong with a typed address.
pub fn email_problem(typed: String) -> Option<String> {
    Email::try_from(typed).err().map(|invalid| invalid.message)
}
