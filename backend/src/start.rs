//! Starts the parts and joins them: the same for `main` and for the tests.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use axum::Router;
use ipnet::IpNet;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    altogic::Altogic,
    config::Config,
    cross_site::OwnOrigin,
    device_cookie::DeviceCookie,
    embedded::Embedded,
    flow_cookie::FlowCookie,
    front::{AltogicFront, AppFront},
    headers::SecurityHeaders,
    picture::Pictures,
    rate_limit::Limiter,
    readiness::Readiness,
    routes,
    server::{Connections, Server, bind},
    session_cookie::SessionCookie,
    settings::Secret,
    signing_key::SigningKey,
    state::{AppState, Parts},
};

/// A system that serves until [`Running::stop`].
pub struct Running {
    /// Where the app is (after [`start`]), or the embedded Altogic (after [`start_altogic`]).
    pub url: Url,
    /// The Altogic behind the app.
    pub altogic_url: Url,
    /// The key with which a client may call the embedded Altogic; empty behind another Altogic.
    pub client_key: String,
    servers: Vec<Server>,
    altogic: Option<Altogic>,
    embedded: Option<Embedded>,
    stopping: Arc<AtomicBool>,
    stop_delay: Duration,
}

impl Running {
    /// Says "not ready" and goes on serving for `STOP_DELAY`, so that proxies turn to another
    /// instance. Then takes no new connection, finishes what is in flight, and closes the database.
    pub async fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        for server in &self.servers {
            server.announce_stop();
        }
        tokio::time::sleep(self.stop_delay).await;
        // The app first: its last requests still need Altogic.
        for server in self.servers {
            server.stop().await;
        }
        if let Some(altogic) = self.altogic {
            altogic.finish().await;
        }
        if let Some(embedded) = self.embedded {
            embedded.close().await;
        }
    }
}

/// Starts the app, and the embedded Altogic unless another one is configured.
///
/// # Errors
/// When a port cannot be had, or the embedded server's folder cannot be used.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let settings = &config.settings;
    let listener = bind("LISTEN_ADDR", settings.listen_addr)?;
    let url = settings.public_url(listener.local_addr()?.port());

    let upstream = match &settings.altogic_env_url {
        Some(other) => Upstream::other(other, &config)?,
        None => Upstream::embedded(&url, &config).await?,
    };

    let connections = Connections::new(config.limits.clone(), settings.trusted_proxies.clone());
    let stopping = Arc::new(AtomicBool::new(false));
    // Behind another Altogic there is no folder of ours; what browsers keep then ends with the process.
    let key = upstream
        .embedded
        .as_ref()
        .map_or_else(SigningKey::random, Embedded::signing_key);
    let altogic = upstream.altogic.clone();
    let app = AppState::from(Parts {
        readiness: Readiness::new(altogic.clone(), upstream.embedded.clone()),
        altogic: upstream.altogic,
        session_cookie: SessionCookie::new(&url, settings.session_max_days),
        flow_cookie: FlowCookie::new(&url, &key),
        device_cookie: DeviceCookie::new(&url, &key),
        own_origin: OwnOrigin::new(&url),
        security_headers: SecurityHeaders::new(&url, settings.altogic_env_url.as_ref()),
        limiter: Limiter::new(settings.rate_limits, &config.clock),
        password_min_length: settings.password_min_length,
        trusted_proxies: settings.trusted_proxies.clone(),
        upload_limiter: Limiter::new(settings.rate_limits, &config.clock),
        pictures: Pictures::new(config.helper.clone()),
        stopping: Arc::clone(&stopping),
    });
    let public = upstream
        .embedded
        .as_ref()
        .map_or_else(Router::new, Embedded::public_router);
    let front = AppFront {
        cookie: app.session_cookie.name(),
        security_headers: app.security_headers.clone(),
    };
    let mut servers = vec![Server::start(
        listener,
        routes::router(app, public),
        front,
        Arc::clone(&connections),
    )];
    if let Some((listener, router)) = upstream.port {
        servers.push(Server::start(listener, router, AltogicFront, connections));
    }
    Ok(Running {
        url,
        altogic_url: upstream.url,
        client_key: upstream.client_key,
        servers,
        altogic: Some(altogic),
        embedded: upstream.embedded,
        stopping,
        stop_delay: settings.stop_delay(),
    })
}

/// The Altogic behind the app.
struct Upstream {
    altogic: Altogic,
    url: Url,
    client_key: String,
    embedded: Option<Embedded>,
    /// Where it serves others.
    port: Option<(TcpListener, Router)>,
}

impl Upstream {
    /// One that somebody else runs.
    fn other(url: &Url, config: &Config) -> anyhow::Result<Self> {
        let settings = &config.settings;
        let client_key = settings.altogic_client_key.clone().unwrap_or_default();
        let api_key = settings.altogic_api_key.as_ref().map(Secret::expose);
        Ok(Self {
            altogic: Altogic::at(url, &client_key, api_key, config.clock.clone())?,
            url: url.clone(),
            client_key,
            embedded: None,
            port: None,
        })
    }

    /// The embedded server, for an app at `public_url`; on `EMBEDDED_ADDR` it serves others too.
    async fn embedded(public_url: &Url, config: &Config) -> anyhow::Result<Self> {
        let listener = bind("EMBEDDED_ADDR", config.settings.embedded_addr)?;
        let url = local_url(listener.local_addr()?)?;
        let mut settings = config.settings.embedded(public_url, config.clock.clone());
        // The app speaks for its visitors from this machine.
        settings
            .trusted_proxies
            .push(IpNet::from(IpAddr::from([127, 0, 0, 1])));
        let embedded = Embedded::open(settings)
            .await
            .context("DATA_DIR: the embedded Altogic cannot use its folder")?;
        let client_key = embedded.client_key().to_owned();
        let upstream = Self {
            altogic: Altogic::embedded(embedded.calls(), &client_key, config.clock.clone())?,
            url,
            client_key,
            port: Some((listener, embedded.rest_router())),
            embedded: Some(embedded),
        };
        tracing::info!(altogic_url = %upstream.url, "the embedded Altogic is ready");
        Ok(upstream)
    }
}

/// Starts the embedded Altogic alone, on `EMBEDDED_ADDR`.
///
/// # Errors
/// As [`start`].
pub async fn start_altogic(config: Config) -> anyhow::Result<Running> {
    let settings = &config.settings;
    let listener = bind("EMBEDDED_ADDR", settings.embedded_addr)?;
    let url = settings.public_url(listener.local_addr()?.port());
    let own = settings.embedded(&url, config.clock.clone());
    let embedded = Embedded::open(own)
        .await
        .context("DATA_DIR: the embedded Altogic cannot use its folder")?;
    let connections = Connections::new(config.limits.clone(), settings.trusted_proxies.clone());
    let stopping = Arc::new(AtomicBool::new(false));
    let router = embedded
        .rest_router()
        .merge(embedded.public_router())
        .merge(routes::health::of_altogic(
            Arc::clone(&stopping),
            Readiness::of_embedded(embedded.clone()),
        ));
    let server = Server::start(listener, router, AltogicFront, connections);
    let client_key = embedded.client_key().to_owned();
    Ok(Running {
        altogic_url: url.clone(),
        url,
        client_key,
        servers: vec![server],
        altogic: None,
        embedded: Some(embedded),
        stopping,
        stop_delay: settings.stop_delay(),
    })
}

/// How this machine reaches a port of its own.
fn local_url(address: std::net::SocketAddr) -> anyhow::Result<Url> {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(Url::parse(&format!(
        "http://{}",
        std::net::SocketAddr::new(ip, address.port())
    ))?)
}
