//! [`Place`]: where the visitor is, and the way elsewhere without a new page.

use leptos::prelude::*;
use leptos_router::location::{BrowserUrl, LocationChange, LocationProvider, Url};

/// The address of the page, known to every component through the context. Clicks on our own links
/// and steps in the history change it. The router's own `Router` knows it too, and weighs 6 kB.
#[derive(Clone)]
pub struct Place {
    url: ArcRwSignal<Url>,
    /// Not there while a page is rendered.
    browser: Option<BrowserUrl>,
}

impl Place {
    /// Where the browser is; on the server, the request's address, which is context.
    ///
    /// # Panics
    /// Without either.
    pub fn new() -> Self {
        #[cfg(feature = "ssr")]
        {
            let request = expect_context::<leptos_router::location::RequestUrl>();
            Self {
                url: ArcRwSignal::new(request.parse().expect("a page is rendered for an address")),
                browser: None,
            }
        }
        #[cfg(not(feature = "ssr"))]
        {
            let browser = BrowserUrl::new().expect("a page has an address");
            browser.init(None);
            Self {
                url: browser.as_url().clone(),
                browser: Some(browser),
            }
        }
    }

    /// The path without a slash at its end.
    pub fn path(&self) -> String {
        self.url.with(|url| match url.path().trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        })
    }

    /// The query without its question mark, empty if there is none.
    pub fn query(&self) -> String {
        self.url.with(|url| url.search().to_owned())
    }

    /// A value of the query.
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.url.with(|url| url.search_params().get(name))
    }

    /// Goes to a path of ours, as a step in the history.
    pub fn go(&self, path: &str) {
        self.leave_for(path, false);
    }

    /// Goes to a path of ours without a step in the history.
    pub fn go_in_place(&self, path: &str) {
        self.leave_for(path, true);
    }

    /// Notes that the page of a clicked link is there: only then does the address bar change.
    pub fn arrived(&self) {
        if let Some(browser) = &self.browser {
            browser.ready_to_complete();
        }
    }

    fn leave_for(&self, path: &str, replace: bool) {
        let (Some(browser), Ok(url)) = (&self.browser, BrowserUrl::parse(path)) else {
            return;
        };
        self.url.set(url);
        browser.complete_navigation(&LocationChange {
            value: path.to_owned(),
            replace,
            ..LocationChange::default()
        });
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}
