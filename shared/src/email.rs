//! [`Email`]: a mail address that can be written into a mail header without harm.

use crate::{
    Invalid,
    text::{is_alphanumeric, is_invisible, is_mark, lower_case},
};

/// A mail address without outer spaces, lower-case, always `name@host.tld`, at most 254 bytes, also
/// in its ASCII form.
///
/// On the server two spellings of one address are equal: the domain is the Unicode form of UTS 46,
/// also where its ASCII form (`xn--…`) was typed, and the name before it is in NFC. In a browser the
/// tables for that are missing, and the server reads the form again.
///
/// Quoted local parts, comments, lists and address literals are refused: no mailbox that people
/// use needs them, and each has fooled a mail library (SECURITY-BAR T-37).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// RFC 5321, 4.5.3.1.3, less the angle brackets.
const MAX_BYTES: usize = 254;
/// RFC 5321, 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;
/// RFC 1035, 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with its domain in ASCII, as every mail server takes it; the name before it can
    /// still need SMTPUTF8 (RFC 6531).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_ascii_domain(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        match domains::to_ascii(domain) {
            Some(domain) => format!("{local}@{domain}"),
            None => self.0.clone(),
        }
    }
}

impl TryFrom<String> for Email {
    type Error = Invalid;

    fn try_from(typed: String) -> Result<Self, Invalid> {
        // Copied from a page or a list, an address brings more than is seen.
        let address = lower_case(typed.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)));
        if address.is_empty() {
            return Err(Invalid::new("email", "Enter your email address."));
        }
        if address.len() > MAX_BYTES {
            return Err(Invalid::new("email", "This email address is too long."));
        }
        let sound = address.split_once('@').filter(|(local, domain)| {
            is_local_part(local) && is_domain(&domain.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], "."))
        });
        sound
            .and_then(|(local, domain)| canonical(local, domain))
            .map(Self)
            .ok_or_else(|| Invalid::new("email", "Enter an email address like name@example.com."))
    }
}

/// The one spelling of an address; `None` for a domain that there cannot be.
#[cfg(not(target_arch = "wasm32"))]
fn canonical(local: &str, domain: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;

    let local: String = local.nfc().collect();
    let ascii = domains::to_ascii(domain)?;
    let domain = domains::to_unicode(&ascii)?;
    let longest = domain.len().max(ascii.len()) + 1 + local.len();
    (longest <= MAX_BYTES && local.len() <= MAX_LOCAL_BYTES).then(|| format!("{local}@{domain}"))
}

#[cfg(target_arch = "wasm32")]
fn canonical(local: &str, domain: &str) -> Option<String> {
    (local.len() + domain.len() < MAX_BYTES).then(|| format!("{local}@{domain}"))
}

/// UTS 46, non-transitional, as browsers use it.
#[cfg(not(target_arch = "wasm32"))]
mod domains {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    pub(super) fn to_ascii(domain: &str) -> Option<String> {
        let ascii = Uts46::new().to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        );
        ascii.ok().map(std::borrow::Cow::into_owned)
    }

    pub(super) fn to_unicode(domain: &str) -> Option<String> {
        let (unicode, sound) =
            Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        sound.ok().map(|()| unicode.into_owned())
    }
}

/// A dot-atom of RFC 5322, 3.2.3, with the letters of RFC 6532.
fn is_local_part(text: &str) -> bool {
    text.len() <= MAX_LOCAL_BYTES
        && text.split('.').all(|atom| {
            !atom.is_empty()
                && !atom.starts_with(is_mark)
                && atom
                    .chars()
                    .all(|c| is_alphanumeric(c) || is_mark(c) || "!#$%&'*+-/=?^_`{|}~".contains(c))
        })
}

fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && label.len() <= MAX_LABEL_BYTES
                && !label.starts_with('-')
                && !label.ends_with('-')
                && !label.starts_with(is_mark)
                && label
                    .chars()
                    .all(|c| is_alphanumeric(c) || is_mark(c) || matches!(c, '-' | '\u{200c}' | '\u{200d}'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        Email::try_from(text.to_owned()).ok().map(|email| email.0)
    }

    #[test]
    fn outer_spaces_and_capitals_do_not_matter() {
        assert_eq!(parse("  Ada@Example.COM \n").as_deref(), Some("ada@example.com"));
    }

    #[test]
    fn addresses_that_people_have_are_accepted() {
        for address in [
            "a+b@x.io",
            "o'neil@x.co.uk",
            "a&evil=1@x.io",
            "50%off@x.io",
            "zoë@bücher.example",
            "हिन्दी@उदाहरण.भारत",
            "สมชาย@ตัวอย่าง.ไทย",
            "ada@faß.example",
        ] {
            assert_eq!(parse(address).as_deref(), Some(address), "{address}");
        }
    }

    #[test]
    fn one_address_has_one_spelling() {
        for typed in [
            "zoë@bücher.example",
            "ZOË@BÜCHER.EXAMPLE",
            "zoe\u{308}@bu\u{308}cher.example",
            "zoë@xn--bcher-kva.example",
            "zoë@XN--BCHER-KVA.example",
            "zoë@bücher。example",
            "zoë@ｂücher.example",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("zoë@bücher.example"), "{typed}");
        }
        let email = Email::try_from("ada@bücher.example".to_owned()).unwrap();
        assert_eq!(email.to_ascii_domain(), "ada@xn--bcher-kva.example");
        let email = Email::try_from("ada@example.com".to_owned()).unwrap();
        assert_eq!(email.to_ascii_domain(), "ada@example.com");
    }

    #[test]
    fn what_is_pasted_around_an_address_is_taken_away() {
        for typed in [
            "\u{feff}ada@x.io",
            "\u{200b}ada@x.io\u{200b}",
            "\u{202a}ada@x.io\u{202c}",
            "\u{a0}ada@x.io\u{ad}",
            "\u{2068}ada@x.io\u{2069}\u{2028}",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("ada@x.io"), "{typed:?}");
        }
    }

    #[test]
    fn what_could_become_two_addresses_or_a_header_is_refused() {
        for address in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a@b.",
            "a@.b",
            "a@b..c",
            "a..b@c.d",
            ".a@c.d",
            "a.@c.d",
            "a@b@c.d",
            "a b@c.d",
            "a,b@c.d",
            "a@c.d,e@f.g",
            "a@c.d\r\nBcc: e@f.g",
            "a\0@c.d",
            "\"a@b\"@c.d",
            "a@[127.0.0.1]",
            "<a@c.d>",
            "a;b@c.d",
            "a(b)@c.d",
            "a@-c.d",
            "a@c-.d",
            "a@c_.d",
            "a@c.d ,",
            "\u{301}a@c.d",
            "a@\u{301}c.d",
            "a\u{200b}b@c.d",
            "a@c\u{200b}d.e",
            "a@xn--a.example",
            "a@xn--zzzzzz.example",
            "a@c℀d.example",
        ] {
            assert_eq!(parse(address), None, "{address:?}");
        }
    }

    #[test]
    fn each_length_limit_holds() {
        assert!(parse(&format!("{}@x.io", "a".repeat(64))).is_some());
        assert!(parse(&format!("{}@x.io", "a".repeat(65))).is_none());
        assert!(parse(&format!("a@{}.io", "b".repeat(63))).is_some());
        assert!(parse(&format!("a@{}.io", "b".repeat(64))).is_none());
        assert!(parse(&format!("a@{}io", "bbb.".repeat(64))).is_none());
    }
}
