//! The embedded server: speaks Altogic's REST API, so that everything works with no other service.
//!
//! ```text
//! page ─► api ─► shared ─► route ─► Altogic client ─► embedded server ─► store
//!                                                      ^^^^^^^^^^^^^^^
//! ```
//!
//! [`Embedded::rest_router`] is what applications call, under `/_api/rest/v1`, [`Embedded::calls`] is
//! the same for this process, and [`Embedded::public_router`] is what browsers open: mail links, public
//! files, the outbox. Where it is safer than Altogic in ways that clients do not see, PROTOCOL section
//! 11 says how.

pub mod audit;
mod auth_redirect;
mod back_off;
mod change_email;
mod change_password;
mod cleaning;
mod clock;
mod cors;
mod delete_account;
mod errors;
mod expression;
mod extract;
mod fields;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzzed;
mod gate;
mod grant;
mod ids;
pub mod keys;
mod known_device;
mod limits;
mod link_key;
mod magic_link;
mod mail;
mod mail_requests;
mod mail_server;
mod mail_text;
mod mail_worker;
mod open;
mod outbox;
mod password;
mod private_files;
mod profile;
mod query;
mod records;
mod refusal;
mod reset_password;
mod rest;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod sign_up_tokens;
mod state;
mod storage;
mod store;
mod switched_off;
mod update_fields;
mod user_agent;
mod verify_email;
mod visitor;
mod wire;

pub use clock::Clock;
pub use gate::CountedAlready;
pub use known_device::{DeviceKey, HEADER as DEVICE_HEADER, ID_BYTES as DEVICE_ID_BYTES};
pub(crate) use mail_server::{MailServer, hello_name, sender};
pub(crate) use sign_up_tokens::HEADER as SIGN_UP_TOKEN_HEADER;
pub(crate) use storage::MAX_FILE_BYTES;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;
use url::Url;

use crate::signing_key::SigningKey;
use state::Inner;

/// What the embedded server is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// Folder of the database, the files and the key of mail links; made if absent.
    pub data_dir: PathBuf,
    /// Base of `/_auth` and `/_storage` links, as browsers reach them.
    pub public_url: Url,
    /// Where mail links end; its own query is kept.
    pub redirect_url: Url,
    /// Whether an address must be proved before its first session. `false`: sign-up signs in.
    pub confirm_email: bool,
    /// The fewest code points of a new password; below
    /// [`shared::NewPassword::MIN_CODE_POINTS`] it has no effect.
    pub password_min_length: usize,
    /// How long an unused session lives.
    pub session_idle: Duration,
    /// How long any session lives.
    pub session_max: Duration,
    /// How many bytes the files of one user may take.
    pub bytes_per_user: u64,
    /// The mail server; `None` keeps mails in the outbox.
    pub smtp: Option<Smtp>,
    /// Altogic's telling answers: unknown and taken addresses are told apart.
    pub compat_errors: bool,
    /// Origins of browsers that may call the REST API directly.
    pub allowed_origins: Vec<String>,
    /// A client key accepted beside those of the database.
    pub client_key: Option<String>,
    /// An API key accepted beside those of the database.
    pub api_key: Option<String>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether callers who ask too often are refused for a while.
    pub rate_limits: bool,
    /// The time.
    pub clock: Clock,
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    /// `smtp://user:password@host:587` (STARTTLS required, except on loopback hosts) or
    /// `smtps://user:password@host:465` (TLS).
    pub url: String,
    /// The sender, `name@host.tld` or `Name <name@host.tld>`.
    pub from: String,
    /// How the mail server is greeted (RFC 5321, 4.1.1.1): a host name, or an address in brackets.
    pub hello: String,
}

/// The answer to a call for which there is no room now.
pub(crate) fn server_busy() -> Response {
    errors::server_busy().into_response()
}

/// The answer to a call whose body does not arrive in time.
pub(crate) fn request_timeout() -> Response {
    errors::request_timeout().into_response()
}

/// A running embedded server; clones share it.
#[derive(Clone)]
pub struct Embedded(Arc<Inner>);

impl std::ops::Deref for Embedded {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Embedded {
    /// Opens the database, makes what a first start needs, and starts the mail worker.
    ///
    /// # Errors
    /// A folder or database that cannot be used, a database of a newer version, a setting of
    /// [`Smtp`] that is none.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        open::open(settings).await
    }

    /// The REST API, under `/_api/rest/v1`; every reply is JSON.
    pub fn rest_router(&self) -> Router {
        rest::router(self.clone())
    }

    /// The same calls without the prefix, for a caller within this process.
    pub fn calls(&self) -> Router {
        rest::calls(self.clone())
    }

    /// `/_auth/verify` and its style sheet, `/_storage/{environment}/{bucket}/{file}`, and, while mails stay here,
    /// `/outbox`, `/outbox.css` and `/outbox.json`.
    pub fn public_router(&self) -> Router {
        let mut router = Router::new()
            .merge(auth_redirect::public_router())
            .merge(storage::public_router())
            .merge(switched_off::public_router());
        if self.settings.smtp.is_none() {
            router = router.merge(outbox::router());
        }
        rest::answered(router).with_state(self.clone())
    }

    /// The key with which the application signs what its browsers keep. It is kept in the data folder.
    pub fn signing_key(&self) -> SigningKey {
        self.link_key.signing_key()
    }

    /// A client key that the REST API accepts, the same at every start.
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// Whether the database can be written: a row is, and is safe on the disk. Takes three seconds at
    /// most.
    pub async fn is_writable(&self) -> bool {
        let proved = self.store.prove_writable(self.settings.clock.now_ms()).await;
        if let Err(error) = &proved {
            tracing::warn!(%error, "the database cannot be written");
        }
        proved.is_ok()
    }

    /// Stops the mail worker after the mails it is sending, at most ten seconds later, and closes the database.
    pub async fn close(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.store.erase_at_the_end().await {
            tracing::warn!(%error, "what was deleted is erased by the next start");
        }
        self.store.close().await;
    }
}
