//! Every setting: its variable, its default, and what is refused before the server listens.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgAction::Set, Args, Command, FromArgMatches};
use ipnet::IpNet;
use url::{Host, Url};

use crate::{
    embedded::{self, Clock},
    server::ServerLimits,
    settings::{Secret, networks::network, redirect::redirect_url, values},
};

/// What the environment, the `.env` file or the command line says. Each value is read by a function
/// of [`crate::settings`], which says in words what it takes.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these lines are read in a terminal, by --help"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, with a name that people write"
)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The app's address
    #[arg(long, env, global = true, default_value = "127.0.0.1:3000", value_parser = values::listen_address, hide_env_values = true)]
    pub listen_addr: SocketAddr,

    /// How browsers reach the app: the only source of links, cookie flags and the accepted origin
    /// [default: localhost and the app's port]
    #[arg(long, env, global = true, value_parser = values::public_url, hide_env_values = true)]
    pub public_url: Option<Url>,

    /// Where the embedded Altogic keeps database and files; made if absent
    #[arg(long, env, global = true, default_value = "data", hide_env_values = true)]
    pub data_dir: PathBuf,

    /// Another Altogic to wrap; unset starts the embedded one
    #[arg(long, env, global = true, value_parser = values::altogic_url, hide_env_values = true)]
    pub altogic_env_url: Option<Url>,

    /// The client key: required with ALTOGIC_ENV_URL; without it, a further key that the embedded
    /// Altogic accepts, of at least 16 characters
    #[arg(long, env, global = true, value_parser = values::key, hide_env_values = true)]
    pub altogic_client_key: Option<String>,

    /// The API key: with ALTOGIC_ENV_URL sent along; without it, one that the embedded Altogic
    /// accepts, of at least 16 characters
    #[arg(long, env, global = true, value_parser = values::secret_key, hide_env_values = true)]
    pub altogic_api_key: Option<Secret>,

    /// Origins of browsers that may call the embedded Altogic directly, separated by commas
    #[arg(long, env, global = true, value_delimiter = ',', value_parser = values::origin, hide_env_values = true)]
    pub allowed_origins: Vec<String>,

    /// 1: the embedded Altogic tells unknown and taken addresses apart, as Altogic did
    #[arg(long, env, global = true, default_value = "0", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub altogic_compat_errors: bool,

    /// Where the embedded Altogic's whole REST API listens
    #[arg(long, env, global = true, default_value = "127.0.0.1:0", value_parser = values::listen_address, hide_env_values = true)]
    pub embedded_addr: SocketAddr,

    /// Where mail links end: https://…, http://localhost…, or with `latchkey altogic` an app's own
    /// scheme [default: PUBLIC_URL and /auth-redirect]
    #[arg(long, env, global = true, value_parser = redirect_url, hide_env_values = true)]
    pub redirect_url: Option<Url>,

    /// false: sign-up signs in at once, without a mail; only on localhost
    #[arg(long, env, global = true, default_value = "true", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub confirm_email: bool,

    /// The shortest password that may be set, in code points, from 8 to 64
    #[arg(long, env, global = true, default_value = "8", value_parser = values::password_length, hide_env_values = true)]
    pub password_min_length: usize,

    /// Days after which an unused session ends
    #[arg(long, env, global = true, default_value = "30", value_parser = values::days, hide_env_values = true)]
    pub session_idle_days: Duration,

    /// Days after which every session ends
    #[arg(long, env, global = true, default_value = "180", value_parser = values::days, hide_env_values = true)]
    pub session_max_days: Duration,

    /// MiB that the files of one user may take in the embedded Altogic
    #[arg(long, env, global = true, default_value = "100", value_parser = clap::value_parser!(u32).range(1..), hide_env_values = true)]
    pub files_per_user_mb: u32,

    /// Mail server: smtp://user:password@host:587 (STARTTLS) or smtps://…; unset keeps mail in the
    /// outbox
    #[arg(long, env, global = true, value_parser = values::smtp_url, hide_env_values = true)]
    pub smtp_url: Option<Secret>,

    /// The name that the mail server is greeted with [default: the host of PUBLIC_URL]
    #[arg(long, env, global = true, value_parser = values::smtp_helo, hide_env_values = true)]
    pub smtp_helo: Option<String>,

    /// The sender of mails, name@host or Name <name@host>; required with SMTP_URL
    #[arg(long, env, global = true, value_parser = values::mail_from, hide_env_values = true)]
    pub mail_from: Option<String>,

    /// Addresses or networks of proxies whose X-Forwarded-For or Forwarded is believed, separated by
    /// commas
    #[arg(long, env, global = true, value_delimiter = ',', value_parser = network, hide_env_values = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// off only on localhost, for load tests
    #[arg(long, env, global = true, default_value = "on", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub rate_limits: bool,

    /// Seconds between SIGTERM and the end of the listener: /readyz says 503, requests are served
    /// [default: 0 on a loopback PUBLIC_URL, else 5]
    #[arg(long, env, global = true, value_parser = clap::value_parser!(u16).range(0..=300), hide_env_values = true)]
    pub stop_delay: Option<u16>,

    /// What is logged: a level, or a filter of tracing such as info,backend=debug
    #[arg(long, env, global = true, default_value = "info", value_parser = values::log_filter, hide_env_values = true)]
    pub rust_log: String,

    /// 1: the outbox with everybody's links may be open to other machines
    #[arg(long, env, global = true, default_value = "0", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub unsafe_open_outbox: bool,

    /// 1: RATE_LIMITS=off is taken although other machines can connect
    #[arg(long, env, global = true, default_value = "0", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub unsafe_no_rate_limits: bool,

    /// 1: ALTOGIC_ENV_URL may be plain http to another machine
    #[arg(long, env, global = true, default_value = "0", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub unsafe_plain_altogic: bool,

    /// 1: CONFIRM_EMAIL=false is taken although others can sign up
    #[arg(long, env, global = true, default_value = "0", action = Set, value_parser = values::switch, hide_env_values = true)]
    pub unsafe_unconfirmed_email: bool,
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
    pub(crate) variable: &'static str,
    pub(crate) expected: &'static str,
}

impl Default for Settings {
    /// The defaults, whatever the environment says.
    fn default() -> Self {
        let command = Self::augment_args(Command::new("latchkey")).mut_args(|arg| arg.env(None::<&str>));
        Self::from_arg_matches(&command.get_matches_from(["latchkey"])).expect("every setting has a default")
    }
}

impl Settings {
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
        let hello = || public_url.host_str().unwrap_or("localhost").to_owned();
        let smtp = self.smtp_url.as_ref().zip(self.mail_from.clone());
        embedded::Settings {
            data_dir: self.data_dir.clone(),
            public_url: public_url.clone(),
            redirect_url,
            confirm_email: self.confirm_email,
            password_min_length: self.password_min_length,
            session_idle: self.session_idle_days,
            session_max: self.session_max_days,
            smtp: smtp.map(|(url, from)| embedded::Smtp {
                url: url.expose().to_owned(),
                from,
                hello: self.smtp_helo.clone().unwrap_or_else(hello),
            }),
            bytes_per_user: u64::from(self.files_per_user_mb) * 1024 * 1024,
            compat_errors: self.altogic_compat_errors,
            allowed_origins: self.allowed_origins.clone(),
            client_key: self.altogic_client_key.clone(),
            api_key: self.altogic_api_key.as_ref().map(|key| key.expose().to_owned()),
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
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}
