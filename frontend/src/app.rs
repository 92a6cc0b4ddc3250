//! [`App`]: which path shows which page, and who may see it.

use leptos::prelude::*;
use shared::ReturnTo;

use crate::{
    Access, CurrentUser, HandedOn, News, Place, Posted, browser,
    components::{FirstHeading, Header, Shape, Skeleton, use_return_to},
    pages::{
        AuthRedirect, ForgotPassword, Index, MagicLink, NotFound, Profile, ResetPassword, Security, SignIn,
        SignUp, Unreachable, VerifyEmail,
    },
    words::with_return_to,
};

const HOME: &str = "/profile";

/// What a path shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Index,
    SignIn,
    SignUp,
    VerifyEmail,
    MagicLink,
    AuthRedirect,
    ForgotPassword,
    ResetPassword,
    Profile,
    Security,
    NotFound,
    /// The visitor is not known yet, or on the way to another page.
    Waiting,
    /// Nobody can say who the visitor is.
    Unreachable,
}

/// Who a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Everybody,
    SignedOut,
    SignedIn,
}

/// The table of contents.
pub(crate) const PATHS: [(&str, Page, Audience); 10] = [
    ("/", Page::Index, Audience::Everybody),
    ("/sign-in", Page::SignIn, Audience::SignedOut),
    ("/sign-up", Page::SignUp, Audience::SignedOut),
    ("/verify-email", Page::VerifyEmail, Audience::SignedOut),
    ("/magic-link", Page::MagicLink, Audience::SignedOut),
    ("/auth-redirect", Page::AuthRedirect, Audience::Everybody),
    ("/forgot-password", Page::ForgotPassword, Audience::Everybody),
    ("/reset-password", Page::ResetPassword, Audience::Everybody),
    ("/profile", Page::Profile, Audience::SignedIn),
    ("/security", Page::Security, Audience::SignedIn),
];

fn page_of(path: &str) -> (Page, Audience) {
    PATHS
        .iter()
        .find(|(known, ..)| *known == path)
        .map_or((Page::NotFound, Audience::Everybody), |(_, page, audience)| {
            (*page, *audience)
        })
}

/// What the visitor sees: the page, or what stands in its place.
fn page_for(path: &str, access: Access) -> Page {
    let (page, audience) = page_of(path);
    match (audience, access) {
        (Audience::SignedIn, Access::Unreachable) => Page::Unreachable,
        (Audience::SignedIn, Access::Unknown | Access::SignedOut)
        | (Audience::SignedOut, Access::Unknown | Access::SignedIn) => Page::Waiting,
        _ => page,
    }
}

/// What is most likely to stand here in the end: who has to wait elsewhere seems to be signed in,
/// and goes home.
fn shape_of(path: &str) -> Shape {
    match page_of(path).0 {
        Page::Security => Shape::Security,
        _ => Shape::Profile,
    }
}

/// Whether a path is for who is signed in only.
#[cfg(feature = "ssr")]
pub(crate) fn is_private(path: &str) -> bool {
    page_of(path).1 == Audience::SignedIn
}

/// Whether the first view of a path waits for the answer to who is there.
#[cfg(feature = "ssr")]
pub(crate) fn waits(path: &str, signed_in_hint: bool) -> bool {
    let access = if signed_in_hint {
        Access::Unknown
    } else {
        Access::SignedOut
    };
    page_for(path, access) == Page::Waiting
}

/// Where a visitor goes who is in the wrong place.
fn way_on(path: &str, search: &str, access: Access, return_to: Option<&ReturnTo>) -> Option<String> {
    match (page_of(path).1, access) {
        (Audience::SignedIn, Access::SignedOut) => {
            let query = if search.is_empty() {
                String::new()
            } else {
                format!("?{search}")
            };
            let here = ReturnTo::new(&(path.to_owned() + &query));
            Some(with_return_to("/sign-in", here.as_ref()))
        }
        (Audience::SignedOut, Access::SignedIn) => Some(return_to.map_or(HOME, ReturnTo::as_str).to_owned()),
        _ => None,
    }
}

/// The whole site.
#[component]
pub fn App(
    /// Whether the cookies say that somebody is signed in; the backend is asked who.
    #[prop(optional)]
    signed_in_hint: bool,
    /// What the page starts with.
    #[prop(optional)]
    posted: Posted,
) -> impl IntoView {
    let current_user = CurrentUser::new(signed_in_hint);
    let news = News::new();
    provide_context(Place::new());
    provide_context(posted);
    provide_context(current_user);
    provide_context(news);
    provide_context(HandedOn::new());
    provide_context(FirstHeading::new());

    Effect::new(move |_| {
        if signed_in_hint {
            current_user.recheck();
        }
        // A session can end, or begin, in another tab or on another device.
        browser::on_return(move || current_user.recheck());
    });

    view! {
        <Header />
        <main>
            <CurrentPage />
        </main>
        <p class="news" role="status">
            {move || news.sentence()}
        </p>
    }
}

#[component]
fn CurrentPage() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let place = expect_context::<Place>();
    let path = {
        let place = place.clone();
        Memo::new(move |_| place.path())
    };
    let access = Memo::new(move |_| current_user.access());
    let page = Memo::new(move |_| page_for(&path.read(), access.get()));
    let return_to = use_return_to();

    Effect::new(move |before: Option<(String, Access)>| {
        let now = (path.get(), access.get());
        let to = way_on(
            &now.0,
            &untrack(|| place.query()),
            now.1,
            return_to.get_untracked().as_ref(),
        );
        if let Some(to) = to {
            // Who signs in on this very page makes a step in the history, which is what password
            // managers wait for; who is turned away does not.
            let signed_in_here = now.1 == Access::SignedIn
                && before.is_some_and(|before| before == (now.0.clone(), Access::SignedOut));
            if signed_in_here {
                place.go(&to);
            } else {
                place.go_in_place(&to);
            }
        }
        place.arrived();
        now
    });

    move || match page.get() {
        Page::Index => view! { <Index /> }.into_any(),
        Page::SignIn => view! { <SignIn /> }.into_any(),
        Page::SignUp => view! { <SignUp /> }.into_any(),
        Page::VerifyEmail => view! { <VerifyEmail /> }.into_any(),
        Page::MagicLink => view! { <MagicLink /> }.into_any(),
        Page::AuthRedirect => view! { <AuthRedirect /> }.into_any(),
        Page::ForgotPassword => view! { <ForgotPassword /> }.into_any(),
        Page::ResetPassword => view! { <ResetPassword /> }.into_any(),
        Page::Profile => view! { <Profile /> }.into_any(),
        Page::Security => view! { <Security /> }.into_any(),
        Page::NotFound => view! { <NotFound /> }.into_any(),
        Page::Waiting => view! { <Skeleton shape=shape_of(&path.read_untracked()) /> }.into_any(),
        Page::Unreachable => view! { <Unreachable /> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_page_is_never_replaced_before_the_visitor_is_known() {
        assert_eq!(page_for("/profile", Access::Unknown), Page::Waiting);
        assert_eq!(way_on("/profile", "", Access::Unknown, None), None);
        assert_eq!(page_for("/profile", Access::Unreachable), Page::Unreachable);
        assert_eq!(way_on("/profile", "", Access::Unreachable, None), None);
        assert_eq!(page_for("/profile", Access::SignedIn), Page::Profile);
    }

    #[test]
    fn a_signed_out_visitor_is_sent_to_sign_in_and_back() {
        assert_eq!(
            way_on("/profile", "a=b", Access::SignedOut, None).as_deref(),
            Some("/sign-in?return_to=/profile%3Fa%3Db")
        );
        assert_eq!(
            way_on("/security", "", Access::SignedOut, None).as_deref(),
            Some("/sign-in?return_to=/security")
        );
        let return_to = ReturnTo::new("/profile?a=b");
        assert_eq!(
            way_on("/sign-in", "", Access::SignedIn, return_to.as_ref()).as_deref(),
            Some("/profile?a=b")
        );
        assert_eq!(
            way_on("/sign-up", "", Access::SignedIn, None).as_deref(),
            Some("/profile")
        );
    }

    #[test]
    fn the_ways_in_stay_open_while_nobody_can_be_asked() {
        assert_eq!(page_for("/sign-in", Access::Unreachable), Page::SignIn);
        assert_eq!(page_for("/auth-redirect", Access::Unknown), Page::AuthRedirect);
        assert_eq!(page_for("/reset-password", Access::SignedIn), Page::ResetPassword);
        assert_eq!(page_for("/elsewhere", Access::SignedOut), Page::NotFound);
    }
}
