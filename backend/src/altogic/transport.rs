//! [`Transport`]: how a [`Call`] reaches Altogic.

use std::{
    error::Error as StdError,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    http::{HeaderValue, Request, Response, StatusCode, Uri, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use reqwest::Client;
use tower::ServiceExt;

use crate::embedded::CountedAlready;

use super::{
    call::{self, Call},
    exchange::{Failure, Health, unavailable, unreachable},
};

/// Larger replies are no account data.
const MAX_REPLY: usize = 1024 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Who calls when there is no network in between: this machine.
const OURSELVES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How a call reaches Altogic. Either way it is the same HTTP request.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    /// Over connections of the client, to the REST API at the base address (no slash at its end).
    Network(Client, String),
    /// Into the embedded server's router: a connection to ourselves costs more than the work.
    Direct(Router),
}

impl Transport {
    /// Makes the call, and reads its reply to the end.
    pub(super) async fn send(&self, call: Call) -> Result<Response<Bytes>, Failure> {
        match self {
            Self::Network(client, base) => {
                let request = client
                    .request(call.method, format!("{base}/{}", call.target))
                    .headers(call.headers);
                let request = match call.body {
                    call::Body::Nothing => request,
                    call::Body::Json(json) => request.header(header::CONTENT_TYPE, JSON).body(json),
                    call::Body::Form(form) => request.multipart(form),
                };
                let reply = request.send().await.map_err(unreachable)?;
                read(Response::<reqwest::Body>::from(reply)).await
            }
            Self::Direct(router) => {
                let Ok(reply) = router.clone().oneshot(direct(call)).await;
                read(reply).await
            }
        }
    }
}

/// The request as a server gets it.
fn direct(call: Call) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = call.method;
    *request.uri_mut() = Uri::try_from(format!("/{}", call.target)).expect("our paths are encoded");
    *request.headers_mut() = call.headers;
    request.extensions_mut().insert(ConnectInfo(OURSELVES));
    request.extensions_mut().insert(CountedAlready);
    let (content_type, body) = match call.body {
        call::Body::Nothing => return request,
        call::Body::Json(json) => (JSON, Body::from(json)),
        call::Body::Form(form) => {
            let content_type = format!("multipart/form-data; boundary={}", form.boundary());
            let content_type = HeaderValue::try_from(content_type).expect("a boundary is visible ASCII");
            (content_type, Body::from_stream(form.into_stream()))
        }
    };
    if let Some(length) = body.size_hint().exact() {
        request
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    request.headers_mut().insert(header::CONTENT_TYPE, content_type);
    *request.body_mut() = body;
    request
}

async fn read<B>(reply: Response<B>) -> Result<Response<Bytes>, Failure>
where
    B: HttpBody,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (head, body) = reply.into_parts();
    match Limited::new(body, MAX_REPLY).collect().await {
        Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure {
            error: unavailable(StatusCode::BAD_GATEWAY, "the reply is larger than 1 MiB"),
            altogic: Health::Answers,
        }),
        Err(error) => Err(match error.downcast::<reqwest::Error>() {
            Ok(error) => unreachable(*error),
            Err(_) => Failure {
                error: unavailable(StatusCode::BAD_GATEWAY, "the reply breaks off"),
                altogic: Health::Fails,
            },
        }),
    }
}
