//! The value of each setting by itself: which spellings are taken, and what to write instead of the
//! others.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use url::Url;

use super::Secret;
use crate::embedded::{self, MailServer};

/// What a setting takes, in place of a value that was refused; does not repeat that value.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected {0}")]
pub struct Expected(pub &'static str);

/// The result of reading a value.
type Read<T> = Result<T, Expected>;

const DAY: Duration = Duration::from_hours(24);

/// The fewest characters of a key that the embedded server accepts: 64 bits where each is a hex
/// digit. Keys that this program makes have twice as many.
pub(crate) const MIN_KEY_CHARACTERS: usize = 16;

/// A switch, as people and other programs write it.
pub(crate) fn switch(text: &str) -> Read<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Expected("true or false (also 1 and 0, yes and no, on and off)")),
    }
}

/// An address to listen on. `localhost` is its IPv4 address.
pub(crate) fn listen_address(text: &str) -> Read<SocketAddr> {
    let text = text.trim();
    let local_port = text
        .split_once(':')
        .filter(|(host, _)| host.eq_ignore_ascii_case("localhost"))
        .and_then(|(_, port)| port.parse::<u16>().ok());
    local_port
        .map(|port| (Ipv4Addr::LOCALHOST, port).into())
        .or_else(|| text.parse().ok())
        .ok_or(Expected(
            "an IP address and a port, such as 127.0.0.1:3000, [::1]:3000, or 0.0.0.0:3000 for all \
             interfaces",
        ))
}

/// The address at which browsers reach the app.
pub(crate) fn public_url(text: &str) -> Read<Url> {
    web_url(text).ok_or(Expected("an address such as https://accounts.example.com"))
}

/// The base of another Altogic, which may have a path.
pub(crate) fn altogic_url(text: &str) -> Read<Url> {
    web_url(text).ok_or(Expected(
        "an address such as https://example.c1-na.altogic.com, without a user, query or fragment; keys \
         are settings of their own",
    ))
}

/// An address of the web with nothing but host, port and path.
fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim().trim_end_matches('/')).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.port() != Some(0)
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url)
}

/// An origin of a browser, in the spelling that browsers send.
pub(crate) fn origin(text: &str) -> Read<String> {
    web_url(text)
        .filter(|url| url.path() == "/")
        .map(|url| url.origin().ascii_serialization())
        .ok_or(Expected(
            "origins such as https://app.example.com, separated by commas; there is no * for all",
        ))
}

/// A key that travels in a header.
pub(crate) fn key(text: &str) -> Read<String> {
    let text = text.trim();
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    sound.then(|| text.to_owned()).ok_or(Expected(
        "a key of visible ASCII characters; `latchkey keys make` makes one",
    ))
}

/// As [`key`], for one that is secret.
pub(crate) fn secret_key(text: &str) -> Read<Secret> {
    key(text).map(Secret::from)
}

/// Code points of the shortest password.
pub(crate) fn password_length(text: &str) -> Read<usize> {
    whole_number(text, 8, 64)
        .and_then(|number| usize::try_from(number).ok())
        .ok_or(Expected("a whole number from 8 to 64"))
}

/// Days.
pub(crate) fn days(text: &str) -> Read<Duration> {
    whole_number(text, 1, 3650)
        .map(|number| DAY * number)
        .ok_or(Expected("a whole number of days from 1 to 3650"))
}

fn whole_number(text: &str, least: u32, most: u32) -> Option<u32> {
    let number = text.trim().parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

/// A mail server, kept as text: only the mailer looks inside.
pub(crate) fn smtp_url(text: &str) -> Read<Secret> {
    MailServer::parse(text.trim()).map_err(Expected)?;
    Ok(Secret::from(text.trim()))
}

/// The sender of mails.
pub(crate) fn mail_from(text: &str) -> Read<String> {
    embedded::sender(text).map_err(Expected)?;
    Ok(text.trim().to_owned())
}

/// The name in EHLO.
pub(crate) fn smtp_helo(text: &str) -> Read<String> {
    embedded::hello_name(text).map_err(Expected)?;
    Ok(text.trim().to_owned())
}

/// A filter for the log.
pub(crate) fn log_filter(text: &str) -> Read<String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| {
        Expected("a level (error, warn, info, debug, trace, off) or a filter such as info,backend=debug")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_as_people_write_them() {
        for text in ["1", "true", "True", "YES", "on", " on "] {
            assert!(switch(text).unwrap(), "{text}");
        }
        for text in ["0", "false", "No", "OFF"] {
            assert!(!switch(text).unwrap(), "{text}");
        }
        assert!(switch("perhaps").is_err());
    }

    #[test]
    fn an_address_to_listen_on_may_be_localhost() {
        for (text, address) in [
            ("localhost:3000", "127.0.0.1:3000"),
            ("[::1]:80", "[::1]:80"),
            (" 0.0.0.0:3000 ", "0.0.0.0:3000"),
        ] {
            assert_eq!(listen_address(text).unwrap(), address.parse().unwrap());
        }
        for text in ["3000", ":3000", "localhost", "example.com:80", "127.0.0.1:99999"] {
            assert!(listen_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for text in [
            "https://accounts.example.com",
            "https://accounts.example.com/",
            "HTTPS://Accounts.Example.com:443",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            assert!(public_url(text).is_ok(), "{text}");
        }
        for text in [
            "accounts.example.com",
            "https://user@example.com",
            "https://:password@example.com",
            "https://example.com?a",
            "https://example.com#a",
            "http://localhost:0",
            "ftp://example.com",
            "https://",
        ] {
            assert!(public_url(text).is_err(), "{text}");
        }
    }
}
