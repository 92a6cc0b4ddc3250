//! Every setting: its variable, its default, and what is refused before the server listens.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{
    Args, Command, FromArgMatches,
    builder::{BoolishValueParser, TypedValueParser},
};
use ipnet::IpNet;
use url::{Host, Url};

use crate::{
    embedded::{self, Clock},
    server::ServerLimits,
};

const DAY: Duration = Duration::from_hours(24);

/// What the environment, the `.env` file or the command line says.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these lines are read in a terminal, by --help"
)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The app's address
    #[arg(
        long,
        env,
        global = true,
        default_value = "127.0.0.1:3000",
        hide_env_values = true
    )]
    pub listen_addr: SocketAddr,

    /// How browsers reach the app: the only source of links, cookie flags and the accepted origin
    /// [default: localhost and the app's port]
    #[arg(long, env, global = true, value_parser = base_url, hide_env_values = true)]
    pub public_url: Option<Url>,

    /// Where the embedded Altogic keeps database and files; made if absent
    #[arg(long, env, global = true, default_value = "data", hide_env_values = true)]
    pub data_dir: PathBuf,

    /// Another Altogic to wrap; unset starts the embedded one
    #[arg(long, env, global = true, value_parser = base_url, hide_env_values = true)]
    pub altogic_env_url: Option<Url>,

    /// The client key: required with ALTOGIC_ENV_URL; without it, a further key that the embedded
    /// Altogic accepts
    #[arg(long, env, global = true, hide_env_values = true)]
    pub altogic_client_key: Option<String>,

    /// The API key: with ALTOGIC_ENV_URL sent along; without it, one that the embedded Altogic
    /// accepts
    #[arg(long, env, global = true, hide_env_values = true)]
    pub altogic_api_key: Option<String>,

    /// Origins of browsers that may call the embedded Altogic directly, separated by commas
    #[arg(long, env, global = true, value_delimiter = ',', value_parser = origin, hide_env_values = true)]
    pub allowed_origins: Vec<String>,

    /// 1: the embedded Altogic tells unknown and taken addresses apart, as Altogic did
    #[arg(long, env, global = true, default_value = "0", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), hide_env_values = true)]
    pub altogic_compat_errors: bool,

    /// Where the embedded Altogic's whole REST API listens
    #[arg(
        long,
        env,
        global = true,
        default_value = "127.0.0.1:0",
        hide_env_values = true
    )]
    pub embedded_addr: SocketAddr,

    /// Where mail links end [default: PUBLIC_URL and /auth-redirect]
    #[arg(long, env, global = true, hide_env_values = true)]
    pub redirect_url: Option<Url>,

    /// false: sign-up signs in at once, without a mail
    #[arg(long, env, global = true, default_value = "true", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), hide_env_values = true)]
    pub confirm_email: bool,

    /// The shortest password that may be set, in code points, from 8 to 64
    #[arg(long, env, global = true, default_value = "8", value_parser = clap::value_parser!(u16).range(8..=64).map(usize::from), hide_env_values = true)]
    pub password_min_length: usize,

    /// Days after which an unused session ends
    #[arg(long, env, global = true, default_value = "30", value_parser = days(), hide_env_values = true)]
    pub session_idle_days: Duration,

    /// Days after which every session ends
    #[arg(long, env, global = true, default_value = "180", value_parser = days(), hide_env_values = true)]
    pub session_max_days: Duration,

    /// Mail server: smtp://user:password@host:587 (STARTTLS) or smtps://…; unset keeps mail in the
    /// outbox
    #[arg(long, env, global = true, value_parser = smtp_url, hide_env_values = true)]
    pub smtp_url: Option<String>,

    /// The sender of mails; required with SMTP_URL
    #[arg(long, env, global = true, hide_env_values = true)]
    pub mail_from: Option<String>,

    /// CIDRs of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(long, env, global = true, value_delimiter = ',', hide_env_values = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// off only with a loopback PUBLIC_URL, for load tests
    #[arg(long, env, global = true, default_value = "on", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new(), hide_env_values = true)]
    pub rate_limits: bool,

    /// Seconds between SIGTERM and the end of the listener: /readyz says 503, requests are served
    /// [default: 0 on a loopback PUBLIC_URL, else 5]
    #[arg(long, env, global = true, value_parser = clap::value_parser!(u16).range(0..=300), hide_env_values = true)]
    pub stop_delay: Option<u16>,
}

/// A set of settings that fit together.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings.
    pub settings: Settings,
    /// The server's time; tests move it.
    pub clock: Clock,
    /// What the listening ports bear; tests lower it.
    pub limits: ServerLimits,
    /// This program, which is started once more for each picture to decode; `None` decodes in this
    /// process.
    pub helper: Option<PathBuf>,
}

/// Two settings that do not fit together: which one to change, and to what.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {expected}")]
pub struct Misfit {
    variable: &'static str,
    expected: &'static str,
}

impl Default for Settings {
    /// The defaults, whatever the environment says.
    fn default() -> Self {
        let command = Self::augment_args(Command::new("latchkey")).mut_args(|arg| arg.env(None::<&str>));
        Self::from_arg_matches(&command.get_matches_from(["latchkey"])).expect("every setting has a default")
    }
}

impl Settings {
    /// Checks what no single setting shows.
    ///
    /// # Errors
    /// [`Misfit`] for a public address in plain http, for mail without a server or a sender, for
    /// another Altogic without its key, and for missing limits on a public server.
    pub fn check(self) -> Result<Config, Misfit> {
        self.check_in_build(cfg!(feature = "bench"))
    }

    fn check_in_build(self, for_measuring: bool) -> Result<Config, Misfit> {
        let misfit = |variable, expected| Err(Misfit { variable, expected });
        let public = self.public_url.as_ref().is_some_and(|url| !is_loopback(url));
        if public
            && self
                .public_url
                .as_ref()
                .is_some_and(|url| url.scheme() != "https")
        {
            return misfit(
                "PUBLIC_URL",
                "expected https://…; plain http is for localhost only",
            );
        }
        if public && for_measuring {
            return misfit(
                "PUBLIC_URL",
                "expected localhost, because this build is for measuring: its password hashes protect nothing",
            );
        }
        if !self.listen_addr.ip().is_loopback() && self.public_url.is_none() {
            return misfit(
                "PUBLIC_URL",
                "expected the address at which browsers reach LISTEN_ADDR",
            );
        }
        if public && self.smtp_url.is_none() && self.altogic_env_url.is_none() {
            return misfit(
                "SMTP_URL",
                "expected a mail server, because the outbox is for development on localhost",
            );
        }
        if self.smtp_url.is_some() && self.mail_from.is_none() {
            return misfit(
                "MAIL_FROM",
                "expected the sender's address, because SMTP_URL is set",
            );
        }
        if self.altogic_env_url.is_some() && self.altogic_client_key.is_none() {
            return misfit(
                "ALTOGIC_CLIENT_KEY",
                "expected the client key of the Altogic at ALTOGIC_ENV_URL",
            );
        }
        if public && !self.rate_limits {
            return misfit(
                "RATE_LIMITS",
                "expected on, because PUBLIC_URL is not a loopback address",
            );
        }
        Ok(Config {
            settings: self,
            clock: Clock::system(),
            limits: ServerLimits::default(),
            helper: None,
        })
    }

    /// [`Settings::public_url`], or localhost with the port that the app got.
    pub(crate) fn public_url(&self, port: u16) -> Url {
        self.public_url.clone().unwrap_or_else(|| {
            Url::parse(&format!("http://localhost:{port}")).expect("a host and a port make a URL")
        })
    }

    /// How long requests are served after the signal to stop, so that proxies notice in time.
    pub(crate) fn stop_delay(&self) -> Duration {
        let is_public = self.public_url.as_ref().is_some_and(|url| !is_loopback(url));
        let default = if is_public { 5 } else { 0 };
        Duration::from_secs(self.stop_delay.unwrap_or(default).into())
    }

    /// The embedded server's share of the settings.
    pub(crate) fn embedded(&self, public_url: &Url, clock: Clock) -> embedded::Settings {
        let redirect_url = self.redirect_url.clone().unwrap_or_else(|| {
            public_url
                .join("/auth-redirect")
                .expect("a path joins every base")
        });
        let smtp = self.smtp_url.clone().zip(self.mail_from.clone());
        embedded::Settings {
            data_dir: self.data_dir.clone(),
            public_url: public_url.clone(),
            redirect_url,
            confirm_email: self.confirm_email,
            password_min_length: self.password_min_length,
            session_idle: self.session_idle_days,
            session_max: self.session_max_days,
            smtp: smtp.map(|(url, from)| embedded::Smtp { url, from }),
            compat_errors: self.altogic_compat_errors,
            allowed_origins: self.allowed_origins.clone(),
            client_key: self.altogic_client_key.clone(),
            api_key: self.altogic_api_key.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            rate_limits: self.rate_limits,
            clock,
        }
    }
}

/// Whether browsers reach `url` only from the same machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn days() -> impl TypedValueParser<Value = Duration> {
    clap::value_parser!(u32).range(1..=3650).map(|days| DAY * days)
}

fn base_url(text: &str) -> Result<Url, String> {
    let expected = || "expected http://… or https://… without query or fragment".to_owned();
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| expected())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if plain { Ok(url) } else { Err(expected()) }
}

fn origin(text: &str) -> Result<String, String> {
    let url = base_url(text.trim())?;
    if url.path() == "/" {
        Ok(url.origin().ascii_serialization())
    } else {
        Err("expected an origin such as https://app.example.com".to_owned())
    }
}

fn smtp_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "smtp" | "smtps") && url.has_host() => Ok(text.to_owned()),
        _ => Err("expected smtp://user:password@host:587 or smtps://user:password@host:465".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str]) -> Result<Config, String> {
        check_in_build(arguments, false)
    }

    fn check_in_build(arguments: &[&str], for_measuring: bool) -> Result<Config, String> {
        let command = Settings::augment_args(Command::new("latchkey")).no_binary_name(true);
        let matches = command
            .try_get_matches_from(arguments)
            .map_err(|error| error.to_string())?;
        let settings = Settings::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        settings
            .check_in_build(for_measuring)
            .map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn a_build_for_measuring_is_for_localhost_only() {
        let public = ["--public-url", "https://accounts.example.com"];

        let refusal = check_in_build(&public, true).err().unwrap_or_default();

        assert!(refusal.contains("this build is for measuring"), "{refusal}");
        assert!(check_in_build(&["--public-url", "http://localhost:3000"], true).is_ok());
    }

    #[test]
    fn nothing_set_is_the_whole_system_on_localhost() {
        let config = check(&[]).unwrap();

        assert_eq!(
            config.settings.public_url(3000).as_str(),
            "http://localhost:3000/"
        );
        assert!(config.settings.confirm_email && config.settings.rate_limits);
        assert_eq!(config.settings.session_idle_days, DAY * 30);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (arguments, variable) in [
            (&["--listen-addr", "nowhere"][..], "LISTEN_ADDR"),
            (&["--listen-addr", "0.0.0.0:3000"], "PUBLIC_URL"),
            (&["--public-url", "ftp://a.b"], "PUBLIC_URL"),
            (&["--public-url", "http://accounts.example.com"], "PUBLIC_URL"),
            (&["--public-url", "https://accounts.example.com"], "SMTP_URL"),
            (&["--smtp-url", "http://a.b"], "SMTP_URL"),
            (&["--smtp-url", "smtp://a.b"], "MAIL_FROM"),
            (&["--altogic-env-url", "http://127.0.0.1:1"], "ALTOGIC_CLIENT_KEY"),
            (&["--password-min-length", "7"], "PASSWORD_MIN_LENGTH"),
            (&["--session-idle-days", "0"], "SESSION_IDLE_DAYS"),
            (&["--confirm-email", "perhaps"], "CONFIRM_EMAIL"),
            (&["--trusted-proxies", "here"], "TRUSTED_PROXIES"),
            (&["--allowed-origins", "https://a.b/c"], "ALLOWED_ORIGINS"),
        ] {
            let message = check(arguments).unwrap_err();
            assert!(message.contains(variable), "{arguments:?}: {message}");
        }
    }

    #[test]
    fn proxies_have_time_to_notice_a_stop() {
        let delay = |arguments: &[&str]| check(arguments).unwrap().settings.stop_delay().as_secs();
        let public = [
            "--public-url",
            "https://a.example",
            "--smtp-url",
            "smtp://m",
            "--mail-from",
            "a@a.example",
        ];

        assert_eq!(delay(&[]), 0);
        assert_eq!(delay(&public), 5);
        assert_eq!(delay(&[&public[..], &["--stop-delay", "20"]].concat()), 20);
        assert!(
            check(&["--stop-delay", "301"])
                .unwrap_err()
                .contains("STOP_DELAY")
        );
    }

    #[test]
    fn limits_stay_on_where_strangers_come() {
        let public = [
            "--public-url",
            "https://a.example",
            "--smtp-url",
            "smtp://m",
            "--mail-from",
            "a@a.example",
        ];

        assert!(check(&public).is_ok());
        assert!(
            check(&[&public[..], &["--rate-limits", "off"]].concat())
                .unwrap_err()
                .contains("RATE_LIMITS")
        );
        assert!(check(&["--rate-limits", "off"]).is_ok());
    }
}
