//! Small texts made of values: times, initials, links that come back. Nothing here asks a browser.

use shared::{ReturnTo, text::is_alphanumeric};

use crate::components::Sent;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago something was, given in seconds; the future counts as now.
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} ago", count(seconds / MINUTE, "minute")),
        HOUR..DAY => format!("{} ago", count(seconds / HOUR, "hour")),
        _ if seconds < 2 * DAY => "yesterday".to_owned(),
        _ if seconds < 60 * DAY => format!("{} ago", count(seconds / DAY, "day")),
        _ => format!("{} ago", count(seconds / (30 * DAY), "month")),
    }
}

/// How long to wait, given in seconds, rounded up: `40 seconds`, `2 minutes`, `1 hour`.
pub fn wait(seconds: u32) -> String {
    let seconds = i64::from(seconds.max(1));
    if seconds <= MINUTE {
        count(seconds, "second")
    } else if seconds <= HOUR {
        count((seconds + MINUTE - 1) / MINUTE, "minute")
    } else {
        count((seconds + HOUR - 1) / HOUR, "hour")
    }
}

fn count(number: i64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// The letters of a picture that is not there, one or two: of the first and the last word of the
/// name that have any, else of the address. The style sheet makes them capitals.
pub fn initials(name: &str, email: &str) -> String {
    let letter = |word: &str| word.chars().find(|c| is_alphanumeric(*c));
    let mut letters = name.split_whitespace().filter_map(letter);
    match (letters.next(), letters.next_back()) {
        (Some(first), last) => [Some(first), last].into_iter().flatten().collect(),
        (None, _) => letter(email).into_iter().collect(),
    }
}

/// What a session is called: `Firefox on Linux`, with whatever is known.
pub fn session(browser: Option<&str>, os: Option<&str>, device: Option<&str>) -> String {
    match (browser, device.or(os)) {
        (Some(browser), Some(place)) => format!("{browser} on {place}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// A size for people, in megabytes (2^20 bytes), rounded up: `8 MB`, `8.4 MB`.
pub fn megabytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(1 << 20);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} MB"),
        (whole, tenth) => format!("{whole}.{tenth} MB"),
    }
}

/// The path of `page` that comes back to `return_to`.
pub fn with_return_to(page: &str, return_to: Option<&ReturnTo>) -> String {
    match return_to {
        Some(return_to) => format!("{page}?return_to={}", percent_encoded(return_to.as_str())),
        None => page.to_owned(),
    }
}

/// How long the way back is kept while a mail is on its way, in milliseconds.
const RETURN_TO_KEPT_MS: i64 = HOUR * 1000;

/// The way back and the moment, as one text.
pub fn kept_return_to(return_to: &ReturnTo, now_ms: f64) -> String {
    format!("{} {}", whole(now_ms), return_to.as_str())
}

/// The way back, out of such a text; `None` when it is too old, or was written by somebody else.
pub fn read_return_to(kept: &str, now_ms: f64) -> Option<ReturnTo> {
    let (kept_at_ms, path) = kept.split_once(' ')?;
    let age_ms = whole(now_ms).checked_sub(kept_at_ms.parse().ok()?)?;
    (0..=RETURN_TO_KEPT_MS)
        .contains(&age_ms)
        .then(|| ReturnTo::new(path))
        .flatten()
}

/// How long the page that waits for a mail is kept, in milliseconds.
const MAILED_KEPT_MS: f64 = 3_600_000.0;

/// A page's mail on its way, as one text.
pub fn kept_mailed(page: &str, sent: &Sent) -> String {
    let again_at_ms = whole(sent.again_at_ms.unwrap_or_default());
    format!("{page} {again_at_ms} {}", sent.to)
}

/// The mail of this page, out of such a text; `None` when it is too old, of another page, or was
/// written by somebody else.
pub fn read_mailed(kept: &str, page: &str, now_ms: f64) -> Option<Sent> {
    let (kept_page, rest) = kept.split_once(' ')?;
    let (again_at_ms, to) = rest.split_once(' ')?;
    #[expect(clippy::cast_precision_loss, reason = "a time of our days is exact")]
    let again_at_ms = again_at_ms.parse::<i64>().ok()? as f64;
    let is_now = (again_at_ms - now_ms).abs() <= MAILED_KEPT_MS;
    (kept_page == page && is_now && !to.is_empty()).then(|| Sent {
        to: to.to_owned(),
        again_at_ms: Some(again_at_ms),
    })
}

fn whole(ms: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    let whole = ms as i64;
    whole
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let hex = |digit: u8| char::from(b"0123456789ABCDEF"[usize::from(digit)]);
            encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_moments_are_told_in_one_unit() {
        for (seconds, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (3600, "1 hour ago"),
            (DAY - 1, "23 hours ago"),
            (DAY, "yesterday"),
            (2 * DAY, "2 days ago"),
            (59 * DAY, "59 days ago"),
            (60 * DAY, "2 months ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }

    #[test]
    fn a_wait_is_never_too_short() {
        for (seconds, words) in [
            (0, "1 second"),
            (60, "60 seconds"),
            (61, "2 minutes"),
            (3601, "2 hours"),
        ] {
            assert_eq!(wait(seconds), words);
        }
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, email, letters) in [
            ("Ada Lovelace", "", "AL"),
            ("ada", "", "a"),
            ("Ada Augusta King", "", "AK"),
            ("  ", "zoe@x.io", "z"),
            ("(Émile) Zola", "", "ÉZ"),
            ("\u{1f980} \u{2764}\u{fe0f}", "zoe@x.io", "z"),
            ("\u{1f980} Ada", "zoe@x.io", "A"),
            ("Ada \u{1f980}", "zoe@x.io", "A"),
            ("!", "", ""),
        ] {
            assert_eq!(initials(name, email), letters);
        }
    }

    #[test]
    fn a_session_is_called_by_what_is_known() {
        assert_eq!(session(Some("Firefox"), Some("Linux"), None), "Firefox on Linux");
        assert_eq!(
            session(Some("Safari"), Some("iOS"), Some("iPhone")),
            "Safari on iPhone"
        );
        assert_eq!(session(None, Some("Windows"), None), "Windows");
        assert_eq!(session(None, None, None), "Unknown browser");
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(8 * 1024 * 1024 + 1), "8.1 MB");
        assert_eq!(megabytes(8 * 1024 * 1024), "8 MB");
        assert_eq!(megabytes(1), "0.1 MB");
    }

    #[test]
    fn the_way_back_is_kept_for_an_hour_and_stays_on_our_site() {
        let kept = kept_return_to(&ReturnTo::new("/security?a=b").unwrap(), 5_000.7);

        assert_eq!(read_return_to(&kept, 5_000.0), ReturnTo::new("/security?a=b"));
        assert_eq!(read_return_to(&kept, 3_605_000.0), ReturnTo::new("/security?a=b"));
        for (kept, now_ms) in [
            (kept.as_str(), 3_605_001.0),
            (kept.as_str(), 4_000.0),
            ("5000 //e", 5_000.0),
            ("soon /security", 5_000.0),
            ("-9223372036854775808 /security", 5_000.0),
            ("", 5_000.0),
        ] {
            assert_eq!(read_return_to(kept, now_ms), None, "{kept}");
        }
    }

    #[test]
    fn a_mail_on_its_way_is_known_for_an_hour_on_its_own_page() {
        let sent = Sent {
            to: "ada lovelace@example.com".to_owned(),
            again_at_ms: Some(5_000.0),
        };
        let kept = kept_mailed("/magic-link", &sent);

        assert_eq!(read_mailed(&kept, "/magic-link", 3_604_000.0), Some(sent));
        assert_eq!(read_mailed(&kept, "/sign-up", 5_000.0), None);
        assert_eq!(read_mailed(&kept, "/magic-link", 3_606_000.0), None);
        for kept in ["", "/magic-link", "/magic-link 5000 ", "/magic-link soon a@b.c"] {
            assert_eq!(read_mailed(kept, "/magic-link", 5_000.0), None, "{kept}");
        }
    }

    #[test]
    fn the_way_back_survives_as_one_query_value() {
        let return_to = ReturnTo::new("/profile?a=b&c=é#d").unwrap();

        assert_eq!(
            with_return_to("/sign-in", Some(&return_to)),
            "/sign-in?return_to=/profile%3Fa%3Db%26c%3D%C3%A9%23d"
        );
        assert_eq!(with_return_to("/sign-in", None), "/sign-in");
    }
}
