//! [`Cookies`]: the request's cookies, read byte for byte, and those that the reply sets.
//!
//! `tower-cookies` decodes percent signs in names: `__%48ost-a` would be taken for `__Host-a`, and the
//! prefix that keeps a sibling domain from planting a cookie would keep nothing (SECURITY-BAR T-08).
//! It also drops every cookie of a header that is not UTF-8, ours among them. So reading is done here;
//! writing stays with it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use tower_cookies::Cookie;

/// The cookies of a request and its reply.
#[derive(Debug, Default)]
pub struct Cookies {
    sent: Vec<HeaderValue>,
    written: tower_cookies::Cookies,
}

impl Cookies {
    /// The values of the cookies with this name, as the browser sent them.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.sent.iter().flat_map(move |header| named(header, name))
    }

    /// The one value of this name that `read` understands.
    ///
    /// What it does not understand is left out: it is not ours. `None` also where there are several
    /// that differ. On https there never are, because of the `__Host-` prefix; elsewhere one of them
    /// was planted, and nothing tells which.
    pub fn only<T: PartialEq>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut found = self
            .values(name)
            .filter_map(|value| read(std::str::from_utf8(value).ok()?));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// Sets a cookie with the reply, in place of an earlier one of its name.
    pub fn add(&self, cookie: Cookie<'static>) {
        self.written.add(cookie);
    }
}

#[cfg(test)]
impl Cookies {
    /// What a browser sends next, after a reply with these.
    pub(crate) fn sent_back(&self) -> Self {
        let header = |cookie: &Cookie<'_>| {
            let pair = format!("{}={}", cookie.name(), cookie.value());
            HeaderValue::try_from(pair).expect("our cookies are ASCII")
        };
        Self {
            sent: self.written.list().iter().map(header).collect(),
            written: tower_cookies::Cookies::default(),
        }
    }
}

/// Whether a request carries this cookie with this value, also beside others of the same name.
pub fn has(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|header| named(header, name))
        .any(|sent| sent == value.as_bytes())
}

/// RFC 6265, 5.4: pairs that `;` parts, name and value parted by the first `=`, nothing decoded.
fn named<'a>(header: &'a HeaderValue, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = header.as_bytes().split(|byte| *byte == b';');
    pairs.filter_map(move |pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
        value.strip_prefix(b"=")
    })
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let sent = parts.headers.get_all(header::COOKIE).iter().cloned().collect();
        // Without the layer nothing can be written, as in a router of its own.
        let written = parts.extensions.get().cloned().unwrap_or_default();
        Ok(Self { sent, written })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(headers: &[&[u8]]) -> Cookies {
        Cookies {
            sent: headers
                .iter()
                .map(|header| HeaderValue::from_bytes(header).unwrap())
                .collect(),
            written: tower_cookies::Cookies::default(),
        }
    }

    fn only(headers: &[&[u8]]) -> Option<String> {
        cookies(headers).only("ours", |value| (!value.is_empty()).then(|| value.to_owned()))
    }

    /// SECURITY-BAR T-08.
    #[test]
    fn a_name_counts_byte_for_byte() {
        for other in [
            &b"%6Furs=x"[..],
            b"our%73=x",
            b"OURS=x",
            b"ours =x",
            b"\"ours\"=x",
            b"yours=x",
            b"ours2=x",
            b"ours",
            b"=ours=x",
            b"a=ours=x",
        ] {
            assert_eq!(only(&[other]), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn no_foreign_cookie_hides_ours_whatever_it_holds() {
        for foreign in [
            &b"a=\xc3\xa4"[..],
            b"a=\xff\xfe",
            b"\xff=\xff",
            b"no equals sign",
            b"a=\"b",
            b"a=%zz",
            b"",
            b";;",
            b"=",
            b"ours=\xff",
            b"ours=",
            &[b'x'; 10_000],
        ] {
            let before = [foreign, b"; ours=x"].concat();
            let after = [b"ours=x;", foreign].concat();
            for headers in [&[&before[..]][..], &[&after], &[foreign, b"ours=x"]] {
                assert_eq!(only(headers).as_deref(), Some("x"), "{foreign:?}");
            }
        }
    }

    #[test]
    fn a_value_is_not_decoded() {
        assert_eq!(only(&[b"ours=a%3Db=c"]).as_deref(), Some("a%3Db=c"));
    }

    #[test]
    fn a_hint_is_one_cookie_of_many() {
        let has = |sent: &[u8]| {
            let header = (header::COOKIE, HeaderValue::from_bytes(sent).unwrap());
            has(&HeaderMap::from_iter([header]), "signed_in", "1")
        };

        assert!(has(b"a=b; signed_in=1; c=d") && has(b"signed_in=1") && has(b"a=\xff;signed_in=1"));
        assert!(!has(b"signed_in=") && !has(b"not_signed_in=1") && !has(b"a=signed_in=1"));
        assert!(!has(b"signed%5Fin=1") && !has(b"signed_in=11"));
    }

    #[test]
    fn of_two_that_differ_none_is_believed() {
        assert_eq!(only(&[b"ours=x; ours=y"]), None);
        assert_eq!(only(&[b"ours=x", b"ours=y"]), None);
        assert_eq!(only(&[b"ours=x; ours=x"]).as_deref(), Some("x"));
    }
}
