//! [`Email`]: a mail address that can be written into a mail header without harm.

use crate::{
    Invalid,
    text::{is_alphanumeric, lower_case},
};

/// A mail address without outer spaces, lower-case, always `name@host.tld`, at most 254 bytes.
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
}

impl TryFrom<String> for Email {
    type Error = Invalid;

    fn try_from(typed: String) -> Result<Self, Invalid> {
        let address = lower_case(typed.trim());
        if address.is_empty() {
            return Err(Invalid::new("email", "Enter your email address."));
        }
        if address.len() > MAX_BYTES {
            return Err(Invalid::new("email", "This email address is too long."));
        }
        let sound = address
            .split_once('@')
            .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
        if !sound {
            return Err(Invalid::new(
                "email",
                "Enter an email address like name@example.com.",
            ));
        }
        Ok(Self(address))
    }
}

/// A dot-atom of RFC 5322, 3.2.3, with the letters of RFC 6532.
fn is_local_part(text: &str) -> bool {
    text.len() <= MAX_LOCAL_BYTES
        && text.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .chars()
                    .all(|c| is_alphanumeric(c) || "!#$%&'*+-/=?^_`{|}~".contains(c))
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
                && label.chars().all(|c| is_alphanumeric(c) || c == '-')
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
            "a.b-c_d@xn--bcher-kva.example",
        ] {
            assert_eq!(parse(address).as_deref(), Some(address), "{address}");
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
