//! The settings of a mail server: its URL, the sender, and the name in the greeting.

use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use shared::Email;
use url::Host;

/// What `SMTP_URL` says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MailServer {
    /// Whether TLS begins with the connection (`smtps`), and not by STARTTLS (`smtp`).
    pub(crate) tls_from_start: bool,
    /// A name or an address; IPv6 without brackets.
    pub(crate) host: String,
    /// The port, if it is not the default one.
    pub(crate) port: Option<u16>,
    /// User and password.
    pub(crate) login: Option<(String, String)>,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailServer(***)")
    }
}

const EXPECTED: &str = "smtp://user:password@host:587 or smtps://user:password@host:465";

impl MailServer {
    /// Reads `smtp://user:password@host:port`.
    ///
    /// The last `@` ends the password, so it may hold any character; `%41` stands for `A`, as in
    /// every URL, and `%25` for a percent sign.
    ///
    /// # Errors
    /// What is expected in place of the text, without repeating it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let tls_from_start = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(EXPECTED),
        };
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(read_login(login)?), place),
            None => (None, rest),
        };
        let (host, port) = read_place(place.strip_suffix('/').unwrap_or(place))?;
        if port == Some(465) && !tls_from_start {
            return Err("smtps://…, because on port 465 TLS begins with the connection");
        }
        Ok(Self {
            tls_from_start,
            host,
            port,
            login,
        })
    }

    /// Whether the server is on this machine, so that nothing travels in clear.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

fn read_login(text: &str) -> Result<(String, String), &'static str> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    if user.is_empty() {
        return Err("a user before the password: smtp://user:password@host:587");
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(std::borrow::Cow::into_owned)
            .map_err(|_| "UTF-8 in the user and password; write a percent sign as %25")
    };
    Ok((decoded(user)?, decoded(password)?))
}

/// `host`, `host:port`, `[ipv6]` or `[ipv6]:port`.
fn read_place(text: &str) -> Result<(String, Option<u16>), &'static str> {
    const NO_PORT: &str = "a port from 1 to 65535 after the host, such as smtp://host:587";
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = if let Some((ip, rest)) = bracketed {
        let ip: Ipv6Addr = ip.parse().map_err(|_| EXPECTED)?;
        let port = rest.strip_prefix(':');
        if port.is_none() && !rest.is_empty() {
            return Err(EXPECTED);
        }
        (ip.to_string(), port)
    } else {
        let (host, port) = text
            .split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port)));
        match Host::parse(host) {
            Ok(Host::Domain(name)) if is_host_name(&name) => (name, port),
            Ok(Host::Ipv4(ip)) => (ip.to_string(), port),
            _ => return Err(EXPECTED),
        }
    };
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port != 0).ok_or(NO_PORT));
    Ok((host, port.transpose()?))
}

/// Letters, digits, hyphens and dots, as names of hosts have; the underscore, too, which containers
/// are named with.
fn is_host_name(name: &str) -> bool {
    let sound = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(sound)
}

/// Reads `name@host` or `Name <name@host>`; the domain comes out in its ASCII form, which every mail
/// server takes.
///
/// # Errors
/// What is expected in place of the text.
pub(crate) fn sender(text: &str) -> Result<Mailbox, &'static str> {
    const EXPECTED: &str = "one address, such as accounts@example.com or Name <accounts@example.com>";
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address.trim()),
        None => ("", text),
    };
    let name = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name);
    let (user, domain) = address.rsplit_once('@').ok_or(EXPECTED)?;
    let sound =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;\"".contains(c));
    if name.contains(|c: char| c.is_control() || "<>@".contains(c)) || !sound(user) || !sound(domain) {
        return Err(EXPECTED);
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return Err(EXPECTED);
    };
    let address = Address::new(user, domain).map_err(|_| EXPECTED)?;
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

/// The mailbox of an address, with its domain in ASCII, which every mail server takes.
///
/// # Errors
/// An address that no header can carry.
pub(crate) fn recipient(address: &str) -> Result<Mailbox, lettre::address::AddressError> {
    let ascii = Email::try_from(address.to_owned()).map(|email| email.to_ascii_domain());
    let address = ascii.as_deref().unwrap_or(address).parse()?;
    Ok(Mailbox::new(None, address))
}

/// Whether a mail failed because the name before the `@` needs SMTPUTF8 (RFC 6531), and the mail
/// server does not offer it: no later try changes that.
pub(crate) fn needs_smtputf8(error: &lettre::transport::smtp::Error) -> bool {
    error.is_client()
        && error
            .source()
            .is_some_and(|cause| cause.to_string().contains("SMTPUTF8"))
}

/// Reads the name that the server gives of itself: a host name, or an address, in brackets or not.
///
/// # Errors
/// What is expected in place of the text.
pub(crate) fn hello_name(text: &str) -> Result<ClientId, &'static str> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .map_or(text, |ip| ip.strip_prefix("IPv6:").unwrap_or(ip));
    match bare.parse() {
        Ok(IpAddr::V4(ip)) => return Ok(ClientId::Ipv4(ip)),
        Ok(IpAddr::V6(ip)) => return Ok(ClientId::Ipv6(ip)),
        Err(_) => {}
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) if is_host_name(&name) => Ok(ClientId::Domain(name)),
        _ => Err("the name of a host, such as accounts.example.com, or an address in brackets"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(url: &str) -> (String, String) {
        MailServer::parse(url).unwrap().login.unwrap()
    }

    #[test]
    fn a_password_may_hold_any_character() {
        for (written, password) in [
            ("pa/ss#wo?rd", "pa/ss#wo?rd"),
            ("p@ss:w", "p@ss:w"),
            ("p%40ss%2F", "p@ss/"),
            ("100%", "100%"),
            ("p%25w", "p%w"),
            ("zoë", "zoë"),
            ("", ""),
        ] {
            let url = format!("smtp://us%40er:{written}@mail.example.com:587");
            let server = MailServer::parse(&url).unwrap();

            assert_eq!(server.host, "mail.example.com");
            assert_eq!(server.port, Some(587));
            assert_eq!(login(&url), ("us@er".to_owned(), password.to_owned()));
            assert!(!format!("{server:?}").contains(password) || password.is_empty());
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for (url, host, port) in [
            ("smtps://mail.example.com", "mail.example.com", None),
            ("SMTP://Mail.Example.com:25/", "mail.example.com", Some(25)),
            ("smtp://127.0.0.1:2525", "127.0.0.1", Some(2525)),
            ("smtp://u:p@[::1]:25", "::1", Some(25)),
            ("smtp://[::1]", "::1", None),
            ("smtp://mail_1:25", "mail_1", Some(25)),
            ("smtp://bücher.example", "xn--bcher-kva.example", None),
        ] {
            let server = MailServer::parse(url).unwrap();
            assert_eq!((server.host.as_str(), server.port), (host, port), "{url}");
        }
    }

    #[test]
    fn what_is_no_mail_server_is_refused() {
        for url in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp:user:hunter2",
            "smtp://",
            "smtp://user:hunter2@",
            "smtp://:hunter2@mail.example.com",
            "smtp://user:hunter2@mail.example.com:port",
            "smtp://mail.example.com:0",
            "smtp://mail.example.com:99999",
            "smtp://mail.example.com:465",
            "smtp://mail.example.com/path",
            "smtp://mail.example.com?tls=required",
            "smtp://user:hunter2@mail.example.com/#",
            "smtp://[::1",
            "smtp://ma il",
        ] {
            let refusal = MailServer::parse(url).unwrap_err();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn a_sender_is_one_address() {
        for (text, sent) in [
            ("accounts@example.com", "accounts@example.com"),
            (
                "Latchkey <accounts@example.com>",
                "Latchkey <accounts@example.com>",
            ),
            ("\"Latchkey, Inc.\" <a@b.c>", "\"Latchkey, Inc.\" <a@b.c>"),
            ("Latchkey, Inc. <a@b.c>", "\"Latchkey, Inc.\" <a@b.c>"),
            ("<a@localhost>", "a@localhost"),
            ("post@bücher.example", "post@xn--bcher-kva.example"),
        ] {
            assert_eq!(sender(text).unwrap().to_string(), sent, "{text}");
        }
        for text in [
            "",
            "nobody",
            "a@",
            "@b.c",
            "a@b.c, d@e.f",
            "A <a@b.c>, B <d@e.f>",
            "a b@c.d",
            "A\r\nBcc: x@y.z <a@b.c>",
            "https://example.com",
        ] {
            assert!(sender(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_greeting_is_a_host_name_or_an_address() {
        for (text, sent) in [
            ("accounts.example.com", "accounts.example.com"),
            ("localhost", "localhost"),
            ("192.0.2.1", "[192.0.2.1]"),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
            ("[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ] {
            assert_eq!(hello_name(text).unwrap().to_string(), sent, "{text}");
        }
        for text in ["", "a b", "https://example.com", "x\r\nMAIL FROM:<a@b.c>", "[x]"] {
            assert!(hello_name(text).is_err(), "{text}");
        }
    }
}
