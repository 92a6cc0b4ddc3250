//! Other Altogics than the embedded one: below a path, and with real tokens in their lists.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use image::ImageFormat;
use serde_json::{Value, json};
use shared::{change_email, profile, sessions};
use support::{Client, TestAltogic, TestApp, free_port, picture};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::PASSWORD;

const EMAIL: &str = "ada+plus@example.com";
/// As Altogic's own addresses have it (PROTOCOL 1.1), and a second part.
const PREFIX: &str = "/e:62d3ea15/some%20where";

/// A server of these routes on a port; it ends with the value.
struct Serving(JoinHandle<()>);

impl Serving {
    async fn start(port: u16, router: Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        Self(tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        }))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Clone)]
struct Upstream {
    address: String,
    http: reqwest::Client,
    /// Paths and queries, as they were sent.
    asked: Arc<Mutex<Vec<String>>>,
}

/// Passes on what is below the prefix, without it.
async fn pass_on(State(upstream): State<Upstream>, request: Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let asked = parts.uri.to_string();
    let path = asked
        .strip_prefix(PREFIX)
        .unwrap_or_else(|| panic!("{asked} is not below {PREFIX}"));
    let url = format!("http://{}{path}", upstream.address);
    upstream.asked.lock().unwrap().push(path.to_owned());
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    let request = upstream.http.request(parts.method, url).headers(parts.headers);
    let answer: axum::http::Response<reqwest::Body> = request.body(body).send().await.unwrap().into();
    answer.map(Body::new)
}

/// The app over an Altogic below the prefix; and what was asked of it.
async fn below_a_path() -> (TestApp, Client, TestAltogic, Arc<Mutex<Vec<String>>>, Serving) {
    let port = free_port();
    let url: url::Url = format!("http://127.0.0.1:{port}{PREFIX}").parse().unwrap();
    let altogic = TestAltogic::spawn_with(|settings| {
        settings.listen_addr = ([127, 0, 0, 1], 0).into();
        settings.public_url = Some(url.clone());
    })
    .await;
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(url.clone());
        settings.altogic_client_key = Some(altogic.client_key().to_owned());
    })
    .await;
    let upstream = Upstream {
        address: altogic.address(),
        http: app.program(),
        asked: Arc::default(),
    };
    let asked = Arc::clone(&upstream.asked);
    let serving = Serving::start(port, Router::new().fallback(pass_on).with_state(upstream)).await;
    let mailbox = Client::new(&format!("{url}/"));
    (app, mailbox, altogic, asked, serving)
}

#[tokio::test]
async fn an_altogic_below_a_path_serves_the_whole_app() {
    let (app, mailbox, _altogic, asked, _serving) = below_a_path().await;

    assert_eq!(app.sign_up("Ada", EMAIL, PASSWORD).await.status, 202);
    let mails = app.http.get(format!(
        "{}?to={}",
        mailbox.url("outbox.json"),
        "ada%2Bplus@example.com"
    ));
    let mails: Value = mails.send().await.unwrap().json().await.unwrap();
    let link = mails[0]["links"][0].as_str().unwrap();
    assert!(link.contains(&format!("{PREFIX}/_auth/verify?")), "{link}");
    let target = app.follow(link).await;
    let token = target
        .query_pairs()
        .find(|(key, _)| key == "access_token")
        .unwrap()
        .1
        .into_owned();
    assert_eq!(app.auth_redirect(&token, false).await.status, 200);

    assert_eq!(app.rename("Ada King").await.status, 200);
    let photo = picture(8, 8, ImageFormat::Png);
    let user = app
        .put_avatar(photo, "image/png")
        .await
        .json::<profile::Response>()
        .user;
    let avatar = user.profile_picture.unwrap();
    assert!(avatar.contains(&format!("{PREFIX}/_storage/")), "{avatar}");
    assert_eq!(app.http.get(&avatar).send().await.unwrap().status(), 200);
    assert_eq!(app.delete_avatar().await.status, 200);
    assert_eq!(app.http.get(&avatar).send().await.unwrap().status(), 404);
    assert_eq!(
        app.sessions().await.json::<sessions::Response>().sessions.len(),
        1
    );
    assert_eq!(app.change_email(PASSWORD, "new@example.com").await.status, 202);
    let waiting: change_email::Waiting = app.get(change_email::PATH).await.json();
    assert_eq!(waiting.new_email.as_deref(), Some("new@example.com"));
    assert_eq!(app.get("/readyz").await.status, 200);
    assert_eq!(app.delete_account(PASSWORD).await.status, 204);
    assert!(
        asked
            .lock()
            .unwrap()
            .iter()
            .any(|path| path.starts_with("/_api/rest/v1/auth/user"))
    );
}

#[tokio::test]
async fn addresses_and_keys_are_percent_encoded() {
    let (app, _mailbox, _altogic, asked, _serving) = below_a_path().await;

    app.magic_link("a+b&c#d@example.com").await;
    app.verify_email(EMAIL).await;
    app.send_reset("o'hara%41@example.com").await;
    app.auth_redirect("a&b=c/d?e#f+g%41", true).await;
    app.reset_password("a&key=b", PASSWORD).await;

    assert_eq!(
        *asked.lock().unwrap(),
        [
            "/_api/rest/v1/auth/send-magic?email=a%2Bb%26c%23d%40example.com",
            "/_api/rest/v1/auth/resend?email=ada%2Bplus%40example.com",
            "/_api/rest/v1/auth/send-reset?email=o%27hara%2541%40example.com",
            "/_api/rest/v1/auth/grant?key=a%26b%3Dc%2Fd%3Fe%23f%2Bg%2541",
            "/_api/rest/v1/auth/reset-pwd?key=a%26key%3Db",
        ]
    );
}

/// Tokens as Altogic's own are (PROTOCOL 2.2): whoever has one is signed in.
const OWN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIxIn0.b3du";
const OTHER: &str = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIxIn0.b3RoZXI";

#[tokio::test]
async fn real_tokens_in_a_list_reach_the_browser_as_ids_only() {
    let port = free_port();
    let ended = Arc::new(Mutex::new(Vec::new()));
    let listed = async || {
        let session =
            |token| json!({ "userId": "1", "token": token, "creationDtm": "2022-03-16T19:36:27.739Z" });
        Json(json!([session(OTHER), session(OWN)]))
    };
    let end = {
        let ended = Arc::clone(&ended);
        async move |Json(body): Json<Value>| ended.lock().unwrap().push(body["token"].clone())
    };
    let routes = Router::new()
        .route("/_api/rest/v1/auth/sessions", get(listed))
        .route("/_api/rest/v1/auth/signout", post(end));
    let _serving = Serving::start(port, routes).await;
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(format!("http://127.0.0.1:{port}").parse().unwrap());
        settings.altogic_client_key = Some("key".to_owned());
    })
    .await;
    app.plant_cookie(&format!("session_token={OWN}; Path=/"));

    let reply = app.sessions().await;
    let sessions = reply.json::<sessions::Response>().sessions;
    assert_eq!(
        sessions.iter().map(|session| session.current).collect::<Vec<_>>(),
        [false, true]
    );
    for token in [OWN, OTHER] {
        let secret = token.rsplit('.').next().unwrap();
        assert!(
            !reply.body.contains(secret) && !format!("{:?}", reply.headers).contains(secret),
            "{reply:?}"
        );
    }

    assert_eq!(app.end_session(&sessions[0].id).await.status, 204);
    assert_eq!(*ended.lock().unwrap(), [OTHER]);
}
