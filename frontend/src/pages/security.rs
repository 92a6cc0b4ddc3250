//! `/security`: the password, the address, the signed-in browsers, and the way to leave for good.

use leptos::prelude::*;

use crate::{
    Submission,
    components::{ChangeEmail, ChangePassword, DeleteAccount, Heading, Sessions},
};

/// What keeps the signed-in user's account theirs.
#[component]
pub fn Security() -> impl IntoView {
    let password = Submission::new(&["current_password", "new_password"]);
    let email = Submission::new(&["new_email", "password"]);
    let leave = Submission::new(&["typed_email", "leave_password"]);
    let sessions_ended = RwSignal::new(());
    let sessions = move || {
        sessions_ended.track();
        view! { <Sessions /> }
    };

    view! {
        <div class="security">
            <Heading title="Security" forms=vec![password, email, leave]>
                "Security"
            </Heading>
            <div>
                <ChangePassword form=password sessions_ended />
                <ChangeEmail form=email />
                <DeleteAccount form=leave />
            </div>
            // As long as there are devices, which is known late: nothing stands below it.
            <div>{sessions}</div>
        </div>
    }
}
