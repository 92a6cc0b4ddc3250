//! [`Call`]: one call of Altogic, however it travels.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, header::IntoHeaderName},
};
use reqwest::multipart::Form;
use serde::Serialize;
use url::form_urlencoded;

use crate::{
    embedded::{DEVICE_HEADER, SIGN_UP_TOKEN_HEADER},
    extract::Caller,
    request_id,
    session_cookie::SessionToken,
};

/// An HTTP request below the prefix of Altogic's REST API.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query, without a slash before.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// What a call carries.
#[derive(Debug)]
pub(super) enum Body {
    Nothing,
    Json(Bytes),
    Form(Form),
}

impl Call {
    /// A call on nobody's behalf, with the headers that every call carries.
    pub(super) fn new(method: Method, path: &str, keys: &HeaderMap) -> Self {
        Self {
            method,
            target: path.to_owned(),
            headers: keys.clone(),
            body: Body::Nothing,
        }
    }

    /// On a visitor's behalf.
    pub(super) fn by(self, caller: &Caller) -> Self {
        let address = caller
            .address
            .map(|address| HeaderValue::try_from(address.to_string()).expect("an address is visible ASCII"));
        self.header_if("user-agent", caller.user_agent.clone())
            .header_if("x-forwarded-for", address)
            .header_if(DEVICE_HEADER, caller.device_token.as_deref().and_then(sensitive))
            .header_if(
                SIGN_UP_TOKEN_HEADER,
                caller.sign_up_tokens.as_deref().and_then(sensitive),
            )
            .header_if(request_id::HEADER, Some(caller.request_id.clone()))
    }

    /// On a signed-in visitor's behalf.
    pub(super) fn with_session(self, session: &SessionToken) -> Self {
        self.header_if("session", sensitive(session.expose()))
    }

    fn header_if(mut self, name: impl IntoHeaderName, value: Option<HeaderValue>) -> Self {
        if let Some(value) = value {
            self.headers.insert(name, value);
        }
        self
    }

    /// With these pairs in its query, encoded as those of a form are.
    pub(super) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let pairs = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.target = format!("{}?{pairs}", self.target);
        self
    }

    /// With a JSON body.
    pub(super) fn json(mut self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("what we send is JSON");
        self.body = Body::Json(body.into());
        self
    }

    /// With a form that may hold files.
    pub(super) fn multipart(mut self, form: Form) -> Self {
        self.body = Body::Form(form);
        self
    }

    /// The same call once more, without a body.
    pub(super) fn again(&self) -> Self {
        Self {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: Body::Nothing,
        }
    }
}

/// A header that no log shows; `None` for a text that no header can hold.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
