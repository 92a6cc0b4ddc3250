//! What the app reads of a request's head: cookies byte for byte, and the client's address.

use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, StatusCode, redirect};
use shared::sessions::Response as Sessions;
use support::{TestAltogic, TestApp, free_port};

use crate::PASSWORD;

/// A request with these bytes as its `Cookie` header.
fn with_cookies(request: RequestBuilder, cookies: &[u8]) -> RequestBuilder {
    request.header("cookie", HeaderValue::from_bytes(cookies).unwrap())
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// SECURITY-BAR T-01, T-08: a sibling domain can plant any name but one with the prefix.
#[tokio::test]
async fn on_https_only_the_very_name_is_the_session() {
    let altogic = TestAltogic::spawn_with(|settings| settings.confirm_email = false).await;
    let port = free_port();
    let app = TestApp::spawn_with(|settings| {
        settings.listen_addr = ([127, 0, 0, 1], port).into();
        settings.public_url = Some("https://accounts.example.com".parse().unwrap());
        settings.altogic_env_url = Some(altogic.url().clone());
        settings.altogic_client_key = Some(altogic.client_key().to_owned());
    })
    .await;
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let form = serde_json::json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
    let joined = app
        .program()
        .post(url("/api/sign-up"))
        .json(&form)
        .send()
        .await
        .unwrap();
    let cookie = joined
        .headers()
        .get_all("set-cookie")
        .iter()
        .find_map(|cookie| cookie.to_str().unwrap().strip_prefix("__Host-session_token="))
        .unwrap();
    let token = cookie.split(';').next().unwrap();
    let profile = |cookies: String| {
        let request = app.program().get(url("/api/profile"));
        status(with_cookies(request, cookies.as_bytes()))
    };

    assert_eq!(
        profile(format!("__Host-session_token={token}")).await,
        StatusCode::OK
    );
    for name in [
        "__%48ost-session_token",
        "__Host-session%5ftoken",
        "__host-session_token",
        "__Host-session_token ",
        "session_token",
    ] {
        let planted = profile(format!("{name}={token}")).await;
        assert_eq!(planted, StatusCode::UNAUTHORIZED, "{name}");
        let beside = format!("{name}=planted; __Host-session_token={token}; {name}=planted");
        assert_eq!(profile(beside).await, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_cookie_of_another_app_on_the_host_hides_nothing_whatever_its_bytes() {
    let app = TestApp::spawn().await;
    app.join("Ada", "ada@example.com", PASSWORD).await;
    let ours = format!(
        "session_token={}; signed_in=1",
        app.cookie("session_token").unwrap()
    );
    let http = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();

    for foreign in [
        &b"theme=hell-gr\xc3\xbcn"[..],
        b"theme=\xff\xfe",
        b"\xfc=1",
        b"no equals sign",
        b"broken=%zz%",
        b"a=\"b",
        b"=",
        b";;;",
        b"session_token=\xff",
        b"session_token=",
        &[b'x'; 8_000],
    ] {
        for cookies in [
            [foreign, b"; ", ours.as_bytes()].concat(),
            [ours.as_bytes(), b"; ", foreign].concat(),
        ] {
            for path in ["/profile", "/security", "/api/profile"] {
                let request = with_cookies(http.get(app.url(path)), &cookies);
                assert_eq!(status(request).await, StatusCode::OK, "{path} {foreign:?}");
            }
        }
    }
}

/// SECURITY-BAR T-08: nothing tells which of them was planted.
#[tokio::test]
async fn of_two_session_cookies_that_differ_none_is_believed() {
    let app = TestApp::spawn().await;
    app.join("Ada", "ada@example.com", PASSWORD).await;
    let token = app.cookie("session_token").unwrap();
    let profile = |cookies: String| {
        let request = app.program().get(app.url("/api/profile"));
        status(with_cookies(request, cookies.as_bytes()))
    };

    assert_eq!(
        profile(format!("session_token={token}; session_token=other")).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        profile(format!("session_token=other; session_token={token}")).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        profile(format!("session_token={token}; session_token={token}")).await,
        StatusCode::OK
    );
}

/// SECURITY-BAR T-25: as Azure, and as proxies that follow RFC 7239, write it.
#[tokio::test]
async fn a_session_shows_the_client_behind_a_trusted_proxy_however_it_is_written() {
    let app = TestApp::spawn_with(|settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    app.join("Ada", "ada@example.com", PASSWORD).await;
    let form = serde_json::json!({ "email": "ada@example.com", "password": PASSWORD });

    for (name, value, ip) in [
        ("x-forwarded-for", "203.0.113.7:51234", "203.0.113.7"),
        (
            "x-forwarded-for",
            "198.51.100.9, [2001:db8::1]:443",
            "2001:db8::1",
        ),
        (
            "forwarded",
            "for=198.51.100.9, for=\"[2001:db8::2]:443\";proto=https",
            "2001:db8::2",
        ),
        ("forwarded", "proto=https;For=203.0.113.8", "203.0.113.8"),
    ] {
        let client = app.client();
        let request = client.request(reqwest::Method::POST, "/api/sign-in");
        assert_eq!(
            status(request.header(name, value).json(&form)).await,
            StatusCode::OK
        );
        let sessions = client.sessions().await.json::<Sessions>().sessions;
        let own = sessions.iter().find(|session| session.current).unwrap();
        assert_eq!(own.ip.as_deref(), Some(ip), "{name}: {value}");
    }
}
