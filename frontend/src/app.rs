//! [`App`]: which path shows which page, and who may see it.

use leptos::prelude::*;
use shared::ReturnTo;

use crate::{
    Access, CurrentUser, HandedOn, Later, News, Place, Posted, browser,
    components::{FirstHeading, Header, Shape, Skeleton, changing, use_return_to},
    later::{LaterPage, Part, Stage},
    pages::{SignIn, Unreachable},
    words::with_return_to,
};

const HOME: &str = "/profile";

/// What a path shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    SignIn,
    Later(LaterPage),
    /// The visitor is not known yet, or on the way to another page; or the page is on its way.
    Waiting,
    /// Nobody can say who the visitor is, or the page could not be fetched.
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
pub(crate) const PATHS: [(&str, Page, Audience); 10] = {
    use Audience::{Everybody, SignedIn, SignedOut};
    use Page::Later;
    [
        ("/", Later(LaterPage::Index), Everybody),
        ("/sign-in", Page::SignIn, SignedOut),
        ("/sign-up", Later(LaterPage::SignUp), SignedOut),
        ("/verify-email", Later(LaterPage::VerifyEmail), SignedOut),
        ("/magic-link", Later(LaterPage::MagicLink), SignedOut),
        ("/auth-redirect", Later(LaterPage::AuthRedirect), Everybody),
        ("/forgot-password", Later(LaterPage::ForgotPassword), Everybody),
        ("/reset-password", Later(LaterPage::ResetPassword), Everybody),
        ("/profile", Later(LaterPage::Profile), SignedIn),
        ("/security", Later(LaterPage::Security), SignedIn),
    ]
};

fn page_of(path: &str) -> (Page, Audience) {
    PATHS.iter().find(|(known, ..)| *known == path).map_or(
        (Page::Later(LaterPage::NotFound), Audience::Everybody),
        |(_, page, audience)| (*page, *audience),
    )
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

/// What stands in the place of a page that is not here.
fn page_at(stage: impl FnOnce(Part) -> Stage, page: Page) -> Page {
    let Page::Later(later) = page else {
        return page;
    };
    match stage(later.part()) {
        Stage::Elsewhere | Stage::Coming => Page::Waiting,
        Stage::Failed => Page::Unreachable,
        Stage::Here => page,
    }
}

/// What is most likely to stand here in the end: who has to wait on a way in seems to be signed in,
/// and goes home.
fn shape_of(path: &str, access: Access) -> Shape {
    match page_of(path) {
        (Page::Later(LaterPage::Security), _) => Shape::Security,
        (Page::Later(LaterPage::Profile), _) => Shape::Profile,
        (_, Audience::SignedOut) if access != Access::SignedOut => Shape::Profile,
        _ => Shape::Card,
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
    first_page(path, signed_in_hint) == Page::Waiting
}

/// The file that the first view of a path is in, if it comes later.
pub fn starts_later(path: &str, signed_in_hint: bool) -> Option<Part> {
    match first_page(path, signed_in_hint) {
        Page::Later(page) => Some(page.part()),
        _ => None,
    }
}

/// The files that a path is likely to need beside the first.
#[cfg(feature = "ssr")]
pub(crate) fn parts(path: &str, signed_in_hint: bool) -> impl Iterator<Item = Part> {
    let in_the_end = match page_of(path).0 {
        Page::Later(page) if is_private(path) => page.part(),
        _ => Part::Profile,
    };
    // The header shows who is signed in.
    let account = signed_in_hint.then_some([Part::Profile, in_the_end]);
    account
        .into_iter()
        .flatten()
        .chain(starts_later(path, signed_in_hint))
}

fn first_page(path: &str, signed_in_hint: bool) -> Page {
    let access = if signed_in_hint {
        Access::Unknown
    } else {
        Access::SignedOut
    };
    page_for(path, access)
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
    /// Which pages are here of those that come later; on the server all are.
    #[prop(default = None)]
    here: Option<Part>,
) -> impl IntoView {
    let current_user = CurrentUser::new(signed_in_hint);
    let news = News::new();
    provide_context(Place::new());
    provide_context(posted);
    provide_context(current_user);
    provide_context(news);
    provide_context(HandedOn::new());
    let later = Later::new(here);
    provide_context(later);
    provide_context(FirstHeading::new());

    Effect::new(move |_| {
        if signed_in_hint {
            current_user.recheck();
        }
        // A session can end, or begin, in another tab or on another device.
        browser::on_return(move || current_user.recheck());
        // The next page is then there at once. Safari does not tell when it is idle.
        let fetch_near = move || {
            if untrack(|| current_user.access()) == Access::SignedOut {
                later.fetch(Part::Visitor);
            }
        };
        browser::when_idle(fetch_near);
        browser::once("pointerover", fetch_near);
        // Whoever types wants to come in.
        browser::once("keydown", move || later.fetch_all());
    });

    view! {
        <Header />
        <main>
            <CurrentPage />
        </main>
        <p class="news" role="status">
            {move || news.sentence()}
        </p>
        {changing(move || current_user.is_asked_again().then(|| later.sign_in_again()).flatten())}
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
    let later = expect_context::<Later>();
    let page = Memo::new(move |_| page_at(|part| later.stage(part), page_for(&path.read(), access.get())));
    let return_to = use_return_to();

    Effect::new(move |_| {
        // Only a page of theirs is worth asking for the password, and there must be what asks.
        if current_user.is_asked_again()
            && (page_of(&path.read()).1 != Audience::SignedIn || later.failure_of(Part::Account).is_some())
        {
            current_user.set_nobody();
        }
    });
    Effect::new(move |before: Option<(String, Access)>| {
        let now = (path.get(), access.get());
        if now.1 != Access::SignedOut {
            later.fetch_account();
        }
        if let Page::Later(page) = page_for(&now.0, now.1) {
            later.fetch(page.part());
        }
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

    changing(move || {
        Some(match page.get() {
            Page::SignIn => view! { <SignIn /> }.into_any(),
            Page::Later(page) => Later::view(page).unwrap_or_else(|| view! { <Skeleton /> }.into_any()),
            Page::Waiting => {
                view! { <Skeleton shape=shape_of(&path.read_untracked(), access.get_untracked()) /> }
                    .into_any()
            }
            Page::Unreachable => view! { <Unreachable /> }.into_any(),
        })
    })
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
        assert_eq!(
            page_for("/profile", Access::SignedIn),
            Page::Later(LaterPage::Profile)
        );
    }

    #[test]
    fn only_a_later_page_waits_for_its_file() {
        let profile = Page::Later(LaterPage::Profile);
        assert_eq!(page_at(|_| Stage::Elsewhere, profile), Page::Waiting);
        assert_eq!(page_at(|_| Stage::Coming, profile), Page::Waiting);
        assert_eq!(page_at(|_| Stage::Failed, profile), Page::Unreachable);
        assert_eq!(page_at(|_| Stage::Here, profile), profile);
        assert_eq!(page_at(|_| Stage::Failed, Page::SignIn), Page::SignIn);
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
        assert_eq!(
            page_for("/auth-redirect", Access::Unknown),
            Page::Later(LaterPage::AuthRedirect)
        );
        assert_eq!(
            page_for("/reset-password", Access::SignedIn),
            Page::Later(LaterPage::ResetPassword)
        );
        assert_eq!(
            page_for("/elsewhere", Access::SignedOut),
            Page::Later(LaterPage::NotFound)
        );
    }
}
