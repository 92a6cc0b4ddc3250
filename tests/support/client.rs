//! [`Client`]: one browser's worth of cookies, and a method per feature of the contract.

use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{HeaderMap, HeaderValue, ORIGIN, USER_AGENT};
use reqwest::{Method, RequestBuilder, StatusCode, multipart, redirect};
use serde::de::DeserializeOwned;
use shared::{ApiError, ErrorBody, SessionId, User};
use shared::{auth_redirect, avatar, change_email, change_password, delete_account, magic_link, profile};
use shared::{reset_password, sessions, sign_in, sign_out, sign_up, verify_email};
use url::Url;

use crate::{Mail, eventually, install_crypto};

/// Says the same as a Firefox on Linux.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A browser without a screen: keeps cookies, sends what a browser sends from our own pages,
/// follows no redirect.
#[derive(Clone)]
pub struct Client {
    /// For requests that no method below makes; shares the cookies.
    pub http: reqwest::Client,
    base: Url,
    jar: Arc<Jar>,
}

impl Client {
    /// A browser that has never been at `base`, the system's public address.
    pub fn new(base: &str) -> Self {
        install_crypto();
        let base = Url::parse(base).expect("the public address is one");
        let jar = Arc::new(Jar::default());
        let origin = base.origin().ascii_serialization();
        let headers = HeaderMap::from_iter([
            (ORIGIN, HeaderValue::try_from(origin).expect("an origin is ASCII")),
            (USER_AGENT, HeaderValue::from_static(FIREFOX)),
            (
                "sec-fetch-site".parse().expect("a header's name"),
                HeaderValue::from_static("same-origin"),
            ),
        ]);
        let http = reqwest::Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .build()
            .expect("the client has no setting that can fail");
        Self { http, base, jar }
    }

    /// The address of a path on the system.
    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path joins any address")
    }

    /// A request of any method to a path, not sent yet.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Fetches a path.
    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    /// Sends a form as a browser does by itself.
    pub async fn post_form(&self, path: &str, fields: &[(String, String)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.request(Method::POST, path);
        Reply::of(
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body),
        )
        .await
    }

    /// What the cookie of this name holds, as it would be sent to the API.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let header = self.jar.cookies(&self.url("/api/"))?;
        let pairs = header.to_str().expect("our cookies are ASCII").split("; ");
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    /// Puts a cookie into the jar, in the form of a `Set-Cookie` header.
    pub fn plant_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &self.base);
    }

    /// `POST /api/sign-up`
    pub async fn sign_up(&self, name: &str, email: &str, password: &str) -> Reply {
        let form = sign_up::Form {
            name: name.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
        };
        Reply::of(self.request(Method::POST, sign_up::PATH).json(&form)).await
    }

    /// `POST /api/verify-email`
    pub async fn verify_email(&self, email: &str) -> Reply {
        let form = verify_email::Form {
            email: email.to_owned(),
        };
        Reply::of(self.request(Method::POST, verify_email::PATH).json(&form)).await
    }

    /// `POST /api/sign-in`
    pub async fn sign_in(&self, email: &str, password: &str) -> Reply {
        let form = sign_in::Form {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        Reply::of(self.request(Method::POST, sign_in::PATH).json(&form)).await
    }

    /// `POST /api/magic-link`
    pub async fn magic_link(&self, email: &str) -> Reply {
        let form = magic_link::Form {
            email: email.to_owned(),
        };
        Reply::of(self.request(Method::POST, magic_link::PATH).json(&form)).await
    }

    /// `POST /api/auth-redirect`, as the page sends it by itself or (`confirmed`) after a click.
    pub async fn auth_redirect(&self, access_token: &str, confirmed: bool) -> Reply {
        let form = auth_redirect::Form {
            access_token: access_token.to_owned(),
            confirmed,
            ..auth_redirect::Form::default()
        };
        Reply::of(self.request(Method::POST, auth_redirect::PATH).json(&form)).await
    }

    /// `POST /api/reset-password`
    pub async fn send_reset(&self, email: &str) -> Reply {
        let form = reset_password::Form {
            email: email.to_owned(),
        };
        Reply::of(self.request(Method::POST, reset_password::PATH).json(&form)).await
    }

    /// `PUT /api/reset-password`
    pub async fn reset_password(&self, access_token: &str, password: &str) -> Reply {
        let form = reset_password::NewForm {
            access_token: access_token.to_owned(),
            password: password.to_owned(),
        };
        Reply::of(self.request(Method::PUT, reset_password::PATH).json(&form)).await
    }

    /// `POST /api/change-password`
    pub async fn change_password(&self, current_password: &str, new_password: &str) -> Reply {
        let form = change_password::Form {
            current_password: current_password.to_owned(),
            new_password: new_password.to_owned(),
        };
        Reply::of(self.request(Method::POST, change_password::PATH).json(&form)).await
    }

    /// `POST /api/change-email`
    pub async fn change_email(&self, password: &str, new_email: &str) -> Reply {
        let form = change_email::Form {
            password: password.to_owned(),
            new_email: new_email.to_owned(),
        };
        Reply::of(self.request(Method::POST, change_email::PATH).json(&form)).await
    }

    /// `DELETE /api/profile`
    pub async fn delete_account(&self, password: &str) -> Reply {
        let form = delete_account::Form {
            password: password.to_owned(),
        };
        Reply::of(self.request(Method::DELETE, delete_account::PATH).json(&form)).await
    }

    /// `POST /api/sign-out`
    pub async fn sign_out(&self) -> Reply {
        Reply::of(self.request(Method::POST, sign_out::PATH)).await
    }

    /// `GET /api/profile`
    pub async fn profile(&self) -> Reply {
        self.get(profile::PATH).await
    }

    /// `PATCH /api/profile`
    pub async fn rename(&self, name: &str) -> Reply {
        let form = profile::Form {
            name: name.to_owned(),
        };
        Reply::of(self.request(Method::PATCH, profile::PATH).json(&form)).await
    }

    /// `PUT /api/avatar` with a file of this media type.
    pub async fn put_avatar(&self, bytes: impl Into<Vec<u8>>, media_type: &str) -> Reply {
        let part = multipart::Part::bytes(bytes.into())
            .file_name("photo")
            .mime_str(media_type)
            .expect("the test names a media type");
        let form = multipart::Form::new().part(avatar::PART, part);
        Reply::of(self.request(Method::PUT, avatar::PATH).multipart(form)).await
    }

    /// `DELETE /api/avatar`
    pub async fn delete_avatar(&self) -> Reply {
        Reply::of(self.request(Method::DELETE, avatar::PATH)).await
    }

    /// `GET /api/sessions`
    pub async fn sessions(&self) -> Reply {
        self.get(sessions::PATH).await
    }

    /// `DELETE /api/sessions/{id}`
    pub async fn end_session(&self, id: &SessionId) -> Reply {
        Reply::of(self.request(Method::DELETE, &sessions::item_path(id))).await
    }

    /// `DELETE /api/sessions`
    pub async fn end_other_sessions(&self) -> Reply {
        Reply::of(self.request(Method::DELETE, sessions::PATH)).await
    }

    /// All mails to an address that lie in the outbox, newest first.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        let request = self.request(Method::GET, "/outbox.json").query(&[("to", email)]);
        Reply::of(request).await.json()
    }

    /// The newest mail to an address; waits for the first one.
    pub async fn last_mail_to(&self, email: &str) -> Mail {
        eventually(async || self.mails_to(email).await.into_iter().next())
            .await
            .unwrap_or_else(|| panic!("there is no mail to {email}"))
    }

    /// Opens the link of a mail and gives the access token that it leads to.
    ///
    /// # Panics
    /// When it leads to no access token.
    pub async fn open_link(&self, mail: &Mail) -> String {
        let target = self.follow(mail.link()).await;
        target
            .query_pairs()
            .find(|(key, _)| key == "access_token")
            .unwrap_or_else(|| panic!("{target} carries no access token"))
            .1
            .into_owned()
    }

    /// Where a link redirects to.
    pub async fn follow(&self, link: &str) -> Url {
        let reply = Reply::of(self.http.get(link)).await;
        let location = reply
            .header("location")
            .unwrap_or_else(|| panic!("{link} does not redirect: {reply:?}"));
        self.url(location)
    }

    /// Makes an account, verifies its address by the mail, and is signed in afterwards.
    pub async fn join(&self, name: &str, email: &str, password: &str) -> User {
        let reply = self.sign_up(name, email, password).await;
        if reply.status == StatusCode::OK {
            let user = reply.json::<sign_up::Response>().user;
            return user.expect("200 brings the user");
        }
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{reply:?}");
        let access_token = self.open_link(&self.last_mail_to(email).await).await;
        let reply = self.auth_redirect(&access_token, true).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        let user = reply.json::<auth_redirect::Response>().user;
        user.expect("200 brings the user")
    }
}

/// A reply, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: String,
}

impl Reply {
    /// Sends a request and reads the reply. A body that is not UTF-8 is kept as far as it is.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the system answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.expect("the reply comes to an end");
        Self {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<&str> {
        let cookies = self.headers.get_all("set-cookie").iter();
        cookies.filter_map(|cookie| cookie.to_str().ok()).collect()
    }

    /// The body as a value of the contract.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The failure in the body.
    pub fn error(&self) -> ApiError {
        self.json::<ErrorBody>().errors
    }

    /// The status with the code of the first reason: what a refusal is compared by.
    pub fn refusal(&self) -> (u16, String) {
        let error = self.error();
        assert_eq!(error.status, self.status.as_u16(), "{self:?}");
        let first = error.items.first().expect("a failure has a reason");
        (error.status, first.code.clone())
    }

    /// The fields that were refused, in the order of the reasons.
    pub fn refused_fields(&self) -> Vec<String> {
        let items = self.error().items;
        items
            .iter()
            .filter_map(|item| item.field().map(str::to_owned))
            .collect()
    }
}
