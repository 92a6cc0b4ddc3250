//! What no single setting shows: whether all of them together are safe and can work.

use std::net::SocketAddr;

use super::Secret;
use super::networks::too_wide;
use super::redirect::is_web;
use super::values::MIN_KEY_CHARACTERS;
use crate::ServerLimits;
use crate::config::{Config, Misfit, Settings, is_loopback};
use crate::embedded::Clock;

/// What is started with the settings: each program listens on ports of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `latchkey serve`: `LISTEN_ADDR`, and `EMBEDDED_ADDR` without `ALTOGIC_ENV_URL`.
    Serve,
    /// `latchkey altogic`: `EMBEDDED_ADDR` alone.
    Altogic,
    /// A command that listens nowhere.
    Offline,
}

type Checked = Result<(), Misfit>;

impl Settings {
    /// Checks what no single setting shows, for [`Program::Serve`].
    ///
    /// # Errors
    /// As [`Settings::check_for`].
    pub fn check(self) -> Result<Config, Misfit> {
        self.check_for(Program::Serve)
    }

    /// Checks what no single setting shows.
    ///
    /// # Errors
    /// [`Misfit`] for what would be unsafe where other machines reach the program (plain http, the
    /// outbox, missing limits, sign-up without a mail), for settings that need another one, and for
    /// short keys.
    pub fn check_for(self, program: Program) -> Result<Config, Misfit> {
        self.check_in_build(program, cfg!(feature = "bench"))
    }

    pub(crate) fn check_in_build(self, program: Program, for_measuring: bool) -> Result<Config, Misfit> {
        self.data_dir_can_be_made()?;
        if program != Program::Offline {
            let place = Place::of(&self, program);
            self.addresses_fit(&place, for_measuring)?;
            self.mail_fits(&place)?;
            self.keys_fit(&place)?;
            self.conveniences_stay_at_home(&place)?;
        }
        Ok(Config {
            settings: self,
            limits: ServerLimits::default(),
            helper: None,
            clock: Clock::system(),
        })
    }

    fn data_dir_can_be_made(&self) -> Checked {
        // The nearest of its parents that is there.
        let there = self.data_dir.ancestors().find_map(|path| path.metadata().ok());
        refuse_if(
            there.is_some_and(|there| !there.is_dir()),
            "DATA_DIR",
            "expected a folder, or a path at which one can be made",
        )
    }

    fn addresses_fit(&self, place: &Place, for_measuring: bool) -> Checked {
        let http = self
            .public_url
            .as_ref()
            .is_some_and(|url| url.scheme() != "https");
        refuse_if(
            place.public && http,
            "PUBLIC_URL",
            "expected https://…; plain http is for localhost only",
        )?;
        refuse_if(
            place.public && for_measuring,
            "PUBLIC_URL",
            "expected localhost, because this build is for measuring: its password hashes protect nothing",
        )?;
        refuse_if(
            place.program == Program::Serve && self.public_url.as_ref().is_some_and(|url| url.path() != "/"),
            "PUBLIC_URL",
            "expected an address without a path, such as https://accounts.example.com: the app needs a \
             host name of its own",
        )?;
        refuse_if(
            self.public_url.is_none() && !place.own.is_loopback(),
            "PUBLIC_URL",
            "expected the address at which browsers reach this program, because it listens for other \
             machines",
        )?;
        refuse_if(
            place.program == Program::Serve && self.redirect_url.as_ref().is_some_and(|url| !is_web(url)),
            "REDIRECT_URL",
            "expected https://…; an app's own scheme is for `latchkey altogic`",
        )?;
        refuse_if(
            too_wide(&self.trusted_proxies),
            "TRUSTED_PROXIES",
            "expected the addresses of your proxies alone, because everybody within these networks \
             chooses the address that limits and sessions go by",
        )
    }

    fn mail_fits(&self, place: &Place) -> Checked {
        refuse_if(
            place.public && place.embedded && self.smtp_url.is_none(),
            "SMTP_URL",
            "expected a mail server, because the outbox is for development on localhost",
        )?;
        refuse_if(
            self.smtp_url.is_some() && self.mail_from.is_none(),
            "MAIL_FROM",
            "expected the sender's address, because SMTP_URL is set",
        )
    }

    fn keys_fit(&self, place: &Place) -> Checked {
        let short = |key: Option<&str>| key.is_some_and(|key| key.len() < MIN_KEY_CHARACTERS);
        let client_key = self.altogic_client_key.as_deref();
        let api_key = self.altogic_api_key.as_ref().map(Secret::expose);
        if !place.embedded {
            refuse_if(
                client_key.is_none(),
                "ALTOGIC_CLIENT_KEY",
                "expected the client key of the Altogic at ALTOGIC_ENV_URL",
            )?;
            let plain = self
                .altogic_env_url
                .as_ref()
                .is_some_and(|url| url.scheme() != "https" && !is_loopback(url));
            return refuse_if(
                plain && !self.unsafe_plain_altogic,
                "ALTOGIC_ENV_URL",
                "expected https://…, because passwords and session tokens would travel in clear; \
                 UNSAFE_PLAIN_ALTOGIC=1 allows it within a network that you trust",
            );
        }
        let long = "expected at least 16 characters; `latchkey keys make` makes a key";
        refuse_if(short(client_key), "ALTOGIC_CLIENT_KEY", long)?;
        refuse_if(short(api_key), "ALTOGIC_API_KEY", long)?;
        refuse_if(
            client_key.is_some() && client_key == api_key,
            "ALTOGIC_API_KEY",
            "expected another key than ALTOGIC_CLIENT_KEY, which every page shows",
        )
    }

    /// What helps in development and harms in public (SECURITY-BAR T-96).
    fn conveniences_stay_at_home(&self, place: &Place) -> Checked {
        refuse_if(
            place.open && place.embedded && self.smtp_url.is_none() && !self.unsafe_open_outbox,
            "SMTP_URL",
            "expected a mail server, because the program listens for other machines, and its outbox \
             shows everybody's links; UNSAFE_OPEN_OUTBOX=1 allows that, for example in a container \
             whose port is published on localhost only",
        )?;
        refuse_if(
            place.public && !self.rate_limits,
            "RATE_LIMITS",
            "expected on, because PUBLIC_URL is not a loopback address",
        )?;
        refuse_if(
            place.open && !self.rate_limits && !self.unsafe_no_rate_limits,
            "RATE_LIMITS",
            "expected on, because the program listens for other machines; UNSAFE_NO_RATE_LIMITS=1 \
             allows that, for load tests",
        )?;
        refuse_if(
            (place.public || place.open)
                && place.embedded
                && !self.confirm_email
                && !self.unsafe_unconfirmed_email,
            "CONFIRM_EMAIL",
            "expected true, because others reach this program, and anybody could sign up with anybody's \
             address; UNSAFE_UNCONFIRMED_EMAIL=1 allows that",
        )
    }
}

impl Config {
    /// What the settings open against advice, in words for the log.
    pub fn opened(&self) -> impl Iterator<Item = &'static str> {
        let settings = &self.settings;
        [
            (
                settings.unsafe_open_outbox,
                "UNSAFE_OPEN_OUTBOX: whoever reaches a port may read all mails, if there is no SMTP_URL",
            ),
            (
                settings.unsafe_no_rate_limits,
                "UNSAFE_NO_RATE_LIMITS: other machines may try without limits, if RATE_LIMITS is off",
            ),
            (
                settings.unsafe_plain_altogic,
                "UNSAFE_PLAIN_ALTOGIC: passwords and tokens may travel to Altogic in clear",
            ),
            (
                settings.unsafe_unconfirmed_email,
                "UNSAFE_UNCONFIRMED_EMAIL: anybody may sign up with anybody's address, if CONFIRM_EMAIL \
                 is false",
            ),
        ]
        .into_iter()
        .filter_map(|(set, words)| set.then_some(words))
    }
}

/// From where the program is reached.
struct Place {
    program: Program,
    /// The address whose port stands in for a missing `PUBLIC_URL`.
    own: Listening,
    /// Whether the embedded server runs.
    embedded: bool,
    /// Whether browsers on other machines are meant to come.
    public: bool,
    /// Whether other machines can connect.
    open: bool,
}

impl Place {
    fn of(settings: &Settings, program: Program) -> Self {
        let embedded = program == Program::Altogic || settings.altogic_env_url.is_none();
        let (app, rest) = (Listening(settings.listen_addr), Listening(settings.embedded_addr));
        let (own, open) = match program {
            Program::Altogic => (rest, !rest.is_loopback()),
            _ => (app, !app.is_loopback() || (embedded && !rest.is_loopback())),
        };
        Self {
            program,
            own,
            embedded,
            public: settings.public_url.as_ref().is_some_and(|url| !is_loopback(url)),
            open,
        }
    }
}

#[derive(Clone, Copy)]
struct Listening(SocketAddr);

impl Listening {
    fn is_loopback(self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }
}

fn refuse_if(refused: bool, variable: &'static str, expected: &'static str) -> Checked {
    if refused {
        Err(Misfit { variable, expected })
    } else {
        Ok(())
    }
}
