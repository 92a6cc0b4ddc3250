//! Other applications, started by whoever runs the bench, measured in the same run by the same code.

use std::env;

use url::Url;

/// The tutorial's application: Next.js and Altogic's client.
pub(crate) const TUTORIAL: &str = "tutorial";
/// `SvelteKit` and Better Auth.
pub(crate) const SVELTEKIT: &str = "sveltekit";

/// Another application that runs on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    /// What its column is called; bars that are shares of an application know it by this name.
    pub(crate) name: String,
    /// Where its sign-in page is.
    pub(crate) sign_in: Url,
}

impl Other {
    /// Where its other pages are.
    pub(crate) fn base(&self) -> String {
        self.sign_in.origin().ascii_serialization()
    }

    /// Its address without a scheme.
    pub(crate) fn address(&self) -> String {
        self.sign_in.authority().to_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.sign_in
            .port_or_known_default()
            .expect("a web address has a port")
    }
}

/// Those that `BENCH_BESIDE` names: `name=http://…/sign-in`, with commas between.
///
/// # Panics
/// For what is no such list.
pub(crate) fn from_env() -> Vec<Other> {
    let asked = env::var("BENCH_BESIDE").unwrap_or_default();
    asked
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| parse(entry).unwrap_or_else(|| panic!("BENCH_BESIDE: {entry:?} is not name=http://…")))
        .collect()
}

fn parse(entry: &str) -> Option<Other> {
    let (name, url) = entry.split_once('=')?;
    let mut url = Url::parse(url).ok().filter(Url::has_host)?;
    if url.path() == "/" {
        url.set_path("/sign-in");
    }
    Some(Other {
        name: name.to_owned(),
        sign_in: url,
    })
}
