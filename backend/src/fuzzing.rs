//! What has to hold for any input from outside, as functions that panic where it does not.
//!
//! `make fuzz` calls them with inputs that libFuzzer makes (`tests/fuzz/`), and a test with those that
//! are its seeds.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Request, header},
};
use futures_util::FutureExt;
use shared::{Email, ReturnTo};
use url::Url;

pub use crate::altogic::fuzzed::reply;
pub use crate::embedded::fuzzed::{expression, wrapping};
pub use crate::picture::fuzzed::picture;
pub use crate::routes::fuzzed::multipart;
use crate::{
    cookies::Cookies,
    device_cookie::DeviceCookie,
    flow_cookie::FlowCookie,
    session_cookie::{SessionCookie, SessionToken},
    signing_key::SigningKey,
};

/// An address that is accepted is one address, in its one spelling, that a mail can be sent to.
///
/// # Panics
/// Where that does not hold.
pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(email) = Email::try_from(text.to_owned()) else {
        return;
    };
    let address = email.as_str();
    assert_eq!(address.matches('@').count(), 1, "{address:?}");
    assert!(address.len() <= 254, "{address:?}");
    let harmful = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || shared::text::is_invisible(c) && !matches!(c, '\u{200c}' | '\u{200d}')
            || "\"(),:;<>[\\]".contains(c)
    };
    assert!(!address.contains(harmful), "{address:?}");
    let again = Email::try_from(address.to_owned());
    assert_eq!(again.as_ref(), Ok(&email), "not read as itself");
    let ascii = email.to_ascii_domain();
    let domain = ascii.rsplit('@').next().unwrap_or_default();
    assert!(domain.is_ascii(), "{ascii:?}");
    assert!(ascii.len() <= 254, "{ascii:?}");
    let again = Email::try_from(ascii.clone());
    assert_eq!(again.as_ref(), Ok(&email), "{ascii:?} is read as another");
    // Of names in other scripts lettre refuses some that are sound, such as हिन्दी.
    let gets_mail = !ascii.is_ascii() || ascii.parse::<lettre::Address>().is_ok();
    assert!(gets_mail, "{ascii:?} gets no mail");
}

/// A way back that is accepted ends on our own site, however a browser resolves it.
///
/// # Panics
/// Where that does not hold.
pub fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(path) = ReturnTo::new(text) else { return };
    assert_eq!(path.as_str(), text);
    for page in ["https://own.example/sign-in?a=b", "http://localhost:3000/a/b/"] {
        let page = Url::parse(page).expect("an address");
        let resolved = page.join(path.as_str()).expect("a path can be resolved");
        assert_eq!(resolved.origin(), page.origin(), "{text:?}");
        assert!(resolved.username().is_empty() && resolved.password().is_none());
        // Resolved twice, as by a server and then by a browser, it is the same.
        let again = page.join(&resolved[url::Position::BeforePath..]);
        assert_eq!(again.as_ref(), Ok(&resolved), "{text:?}");
    }
}

/// Our own cookie is read beside anything else in the header, and nothing else is taken for it.
///
/// # Panics
/// Where that does not hold.
pub fn cookie(data: &[u8]) {
    const OURS: &str = "our.own-token";
    const NAME: &str = "__Host-session_token";
    let url = Url::parse("https://own.example").expect("an address");
    let session = SessionCookie::new(&url, Duration::from_mins(1));
    let key = SigningKey::new([7; 32]);
    let (flow, device) = (FlowCookie::new(&url, &key), DeviceCookie::new(&url, &key));

    let Some(cookies) = cookies(&[data]) else { return };
    let sent = |pair: &[u8]| {
        let value = pair
            .trim_ascii()
            .strip_prefix(NAME.as_bytes())?
            .strip_prefix(b"=")?;
        SessionToken::new(String::from_utf8(value.to_vec()).ok()?)
    };
    let tokens: Vec<SessionToken> = data.split(|byte| *byte == b';').filter_map(sent).collect();
    match session.get(&cookies) {
        Some(token) => assert!(!tokens.is_empty() && tokens.iter().all(|sent| *sent == token)),
        None => assert!(tokens.is_empty() || tokens.iter().any(|sent| *sent != tokens[0])),
    }
    if tokens.is_empty() {
        let own = format!("{NAME}={OURS}").into_bytes();
        let before = [data, b"; ", &own].concat();
        let after = [&own, &b";"[..], data].concat();
        for headers in [&[&before[..]][..], &[&after], &[data, &own], &[&own, data]] {
            let cookies = self::cookies(headers).expect("sound headers");
            let token = session.get(&cookies);
            assert_eq!(token.as_ref().map(SessionToken::expose), Some(OURS));
        }
    }

    for name in ["", "__Host-flow=", "__Host-device="] {
        let Some(cookies) = self::cookies(&[&[name.as_bytes(), data].concat()]) else {
            continue;
        };
        assert!(flow.all_sign_up_tokens(&cookies).is_none(), "a forged flow");
        assert!(!flow.asked_for(&cookies, "ada@x.io"), "a forged flow");
        assert!(device.get(&cookies).is_none(), "a forged device");
    }
}

/// The cookies of a request with these headers; `None` where one cannot be in a request.
fn cookies(headers: &[&[u8]]) -> Option<Cookies> {
    let mut request = Request::new(());
    for header in headers {
        let value = HeaderValue::from_bytes(header).ok()?;
        request.headers_mut().append(header::COOKIE, value);
    }
    let (mut parts, ()) = request.into_parts();
    let read = Cookies::from_request_parts(&mut parts, &()).now_or_never();
    read.and_then(Result::ok)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    type Target = fn(&[u8]);

    #[test]
    fn the_seeds_of_the_fuzz_targets_are_taken_as_they_must() {
        let targets: [(&str, Target); 8] = [
            ("address", address),
            ("cookie", cookie),
            ("expression", expression),
            ("multipart", multipart),
            ("picture", picture),
            ("reply", reply),
            ("return_to", return_to),
            ("wrapping", wrapping),
        ];
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz");

        let mut built: Vec<String> = fs::read_dir(fuzz.join("targets"))
            .unwrap()
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        built.sort();
        assert_eq!(built, targets.map(|(name, _)| name));
        for (name, target) in targets {
            let seeds: Vec<_> = fs::read_dir(fuzz.join("seeds").join(name)).unwrap().collect();
            assert!(!seeds.is_empty(), "{name}");
            for seed in seeds {
                target(&fs::read(seed.unwrap().path()).unwrap());
            }
        }
    }
}
