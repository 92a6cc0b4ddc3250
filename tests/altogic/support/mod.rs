//! A running embedded server and a client that speaks to it as Altogic's own does.

mod reply;

pub use ::support::SmtpSink;
pub use reply::Reply;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use backend::embedded::{Clock, Embedded, Settings};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

pub const PASSWORD: &str = "a long enough password";

/// One server on its own port and folder; it ends with this value.
pub struct Server {
    pub base: String,
    pub clock: Clock,
    pub embedded: Embedded,
    pub http: Client,
    folder: Arc<TempDir>,
    serving: JoinHandle<()>,
}

/// A signed-in user.
pub struct User {
    pub id: String,
    pub token: String,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A server, and a signed-in `ada@x.io`.
    pub async fn with_user() -> (Self, User) {
        let server = Self::start().await;
        let user = server.verified_user("ada@x.io").await;
        (server, user)
    }

    /// Starts with changed settings.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), change).await
    }

    /// Starts on a folder that another server left behind.
    pub async fn start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let clock = Clock::system();
        let mut settings = Settings {
            data_dir: folder.path().to_owned(),
            public_url: Url::parse(&base).unwrap(),
            redirect_url: Url::parse("http://app.example/auth-redirect?lang=en").unwrap(),
            confirm_email: true,
            password_min_length: 8,
            session_idle: Duration::from_hours(24 * 30),
            session_max: Duration::from_hours(24 * 180),
            bytes_per_user: 100 * 1024 * 1024,
            smtp: None,
            compat_errors: false,
            allowed_origins: Vec::new(),
            client_key: None,
            api_key: Some("an-api-key-of-the-tests".to_owned()),
            trusted_proxies: Vec::new(),
            rate_limits: false,
            clock: clock.clone(),
        };
        change(&mut settings);
        let embedded = Embedded::open(settings).await.unwrap();
        let router = embedded.rest_router().merge(embedded.public_router());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            base,
            clock,
            embedded,
            http: client(),
            folder,
            serving,
        }
    }

    /// Stops without warning, as a killed process would, and gives the folder back.
    pub fn kill(self) -> Arc<TempDir> {
        self.folder.clone()
    }

    /// Another program's connection to the database.
    pub async fn database(&self) -> SqliteConnection {
        let database = SqliteConnectOptions::new().filename(self.folder().join("latchkey.db"));
        database.connect().await.unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A call of the REST API with the client key, not yet sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/_api/rest/v1/{path}", self.base))
            .header("X-Client", "altogic-js")
            .header("X-Client-Key", self.embedded.client_key())
    }

    pub async fn get(&self, path: &str, session: Option<&str>) -> Reply {
        Reply::of(with_session(self.request(Method::GET, path), session)).await
    }

    pub async fn post(&self, path: &str, session: Option<&str>, body: Value) -> Reply {
        Reply::of(with_session(self.request(Method::POST, path), session).json(&body)).await
    }

    /// A POST without a body.
    pub async fn post_empty(&self, path: &str, session: Option<&str>) -> Reply {
        Reply::of(with_session(self.request(Method::POST, path), session)).await
    }

    /// A GET outside the REST API.
    pub async fn open(&self, path_or_url: &str) -> Reply {
        let url = if path_or_url.starts_with("http") {
            path_or_url.to_owned()
        } else {
            format!("{}{path_or_url}", self.base)
        };
        Reply::of(self.http.get(url)).await
    }

    pub async fn sign_up(&self, email: &str) -> Reply {
        let body = json!({ "email": email, "password": PASSWORD, "nameOrUserData": "Ada" });
        self.post("auth/signup-email", None, body).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.post(
            "auth/signin-email",
            None,
            json!({ "email": email, "password": password }),
        )
        .await
    }

    /// Redeems a mailed key as the client that made the sign-up with this token.
    pub async fn grant_own(&self, key: &str, sign_up_token: &str) -> Reply {
        let request = self.request(Method::POST, "auth/grant");
        Reply::of(
            request
                .header("Sign-Up-Token", sign_up_token)
                .json(&json!({ "key": key })),
        )
        .await
    }

    /// Signs up, opens the mailed link, and redeems it.
    pub async fn verified_user(&self, email: &str) -> User {
        let signed_up = self.sign_up(email).await;
        assert_eq!(signed_up.status, 200);
        let key = self.mailed_key(email).await;
        let granted = self.grant_own(&key, &signed_up.text("/signUpToken")).await;
        assert_eq!(granted.status, 200, "{}", granted.body);
        User {
            id: granted.text("/user/_id"),
            token: granted.text("/session/token"),
        }
    }

    /// The mails to an address, newest first.
    pub async fn mails(&self, email: &str) -> Vec<Value> {
        let url = Url::parse_with_params(&format!("{}/outbox.json", self.base), [("to", email)]).unwrap();
        self.open(url.as_str()).await.body.as_array().unwrap().clone()
    }

    /// The link in the latest mail to an address.
    pub async fn mailed_link(&self, email: &str) -> Url {
        let mails = self.mails(email).await;
        Url::parse(mails[0]["links"][0].as_str().unwrap()).unwrap()
    }

    /// The secret of that link.
    pub async fn mailed_key(&self, email: &str) -> String {
        query(&self.mailed_link(email).await, "key").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Waits until it is so.
pub async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async || is_so().await.then_some(());
    assert!(::support::eventually(asked).await.is_some(), "it does not happen");
}

/// A client that follows no redirects.
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another part of the same process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}

fn with_session(request: RequestBuilder, session: Option<&str>) -> RequestBuilder {
    match session {
        Some(token) => request.header("Session", token),
        None => request,
    }
}

/// A value of a URL's query.
pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
