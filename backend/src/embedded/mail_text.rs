//! What of a name may stand in a mail.
//!
//! A mail to an address that its asker need not own is our word, under our sender: whatever stands in
//! it must be nothing but a short name, or it would be the asker's message (SECURITY-BAR T-38).

use shared::Name;
use unicode_normalization::char::is_combining_mark;

use super::store::outbox::Kind;

/// The name to greet with, if the mail may carry it.
///
/// `confirmed` says whether addresses are proved before they can be used; without that, no mail is
/// known to go to its asker. Rows from before a rule may hold what [`Name`] refuses today.
pub(crate) fn greeting(kind: Kind, confirmed: bool, name: Option<&str>) -> Option<&str> {
    let proved = match kind {
        Kind::VerifyEmail | Kind::ChangeEmail => false,
        Kind::MagicLink
        | Kind::AccountExists
        | Kind::ResetPassword
        | Kind::EmailChangeAsked
        | Kind::EmailChanged
        | Kind::PasswordChanged => confirmed,
    };
    name.filter(|name| is_plain(name) && (proved || is_short_name(name)))
}

/// Longer than this, or of more words, it could be a message.
const MAX_CHARACTERS: usize = 40;
const MAX_WORDS: usize = 4;

/// Whether it is made of letters as names are: no number to call, no sign that means something.
fn is_short_name(name: &str) -> bool {
    let in_names = |c: char| {
        c.is_alphabetic()
            || is_combining_mark(c)
            || matches!(c, ' ' | '.' | '-' | '\'' | '\u{2019}' | '\u{200c}' | '\u{200d}')
    };
    name.chars().count() <= MAX_CHARACTERS
        && name.split_whitespace().count() <= MAX_WORDS
        && name.chars().all(in_names)
}

/// Whether a name is nothing but a name, also for mail programs that look for links.
fn is_plain(name: &str) -> bool {
    Name::try_from(name.to_owned()).is_ok_and(|sound| sound.as_str() == name) && !reads_like_link(name)
}

/// Whether a mail program could make a link of a part of it: a scheme, an address, or a dot between
/// two characters, also one that only looks like a dot.
fn reads_like_link(name: &str) -> bool {
    let is_dot = |c: char| {
        matches!(
            c,
            '.' | '\u{2024}'
                ..='\u{2027}'
                    | '\u{b7}'
                    | '\u{387}'
                    | '\u{589}'
                    | '\u{5c5}'
                    | '\u{660}'
                    | '\u{6d4}'
                    | '\u{6f0}'
                    | '\u{701}'
                    | '\u{702}'
                    | '\u{2219}'
                    | '\u{22c5}'
                    | '\u{30fb}'
                    | '\u{a4f8}'
                    | '\u{a60e}'
                    | '\u{3002}'
                    | '\u{fe52}'
                    | '\u{ff0e}'
                    | '\u{ff61}'
                    | '\u{ff65}'
                    | '\u{10a50}'
                    | '\u{1d16d}'
        )
    };
    let is_sign = |c: char| {
        matches!(
            c,
            '@' | '/' | '\\' | ':' | '\u{ff20}' | '\u{fe6b}' | '\u{ff0f}' | '\u{ff1a}'
        )
    };
    let dotted = name.split_whitespace().any(|word| {
        let word = word.trim_start_matches(is_dot).trim_end_matches(is_dot);
        word.contains(is_dot)
    });
    dotted || name.contains(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_to_an_address_that_is_not_proved_carries_a_short_name_or_none() {
        let greeted = |kind, confirmed, name| greeting(kind, confirmed, Some(name)).is_some();

        for name in [
            "Ada",
            "Ada Lovelace",
            "Dr. Zoë O'Neil-Smith",
            "प्रिया",
            "山田 太郎",
        ] {
            assert!(greeted(Kind::VerifyEmail, true, name), "{name}");
        }
        for name in [
            "Call 0900 12345",
            "You won! Reply at once",
            "Your account is locked please reply today",
            "Ada 💰",
            "Ada & Co",
            "a very long name that is no name of anybody at all",
        ] {
            assert!(!greeted(Kind::VerifyEmail, true, name), "{name}");
            assert!(!greeted(Kind::ChangeEmail, true, name), "{name}");
            assert!(!greeted(Kind::MagicLink, false, name), "{name}");
        }
        assert!(greeted(Kind::MagicLink, true, "Ada 💰") && greeted(Kind::PasswordChanged, true, "Ada & Co"));
    }

    #[test]
    fn a_name_that_reads_like_a_link_is_left_out() {
        for name in [
            "Win at evil.example",
            "http://evil",
            "me@evil",
            "a.b",
            "evil\u{3002}example",
            "evil\u{2024}example",
            "evil\u{ff0e}example",
            "evil\u{b7}example",
            "www.evil",
            "evil.example, Ada",
            "mailto:x",
        ] {
            assert!(!is_plain(name), "{name}");
        }
        for name in ["Ada Lovelace", "Dr. Ada", "Ada L.", "Zoë", "O'Neil-Smith"] {
            assert!(is_plain(name), "{name}");
        }
    }

    #[test]
    fn names_that_were_taken_once_are_not_carried_on() {
        for name in [
            "Ada\u{202e}x",
            "Ada\u{2028}Now pay",
            "\u{200b}",
            "a\nb",
            " Ada",
            "",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
