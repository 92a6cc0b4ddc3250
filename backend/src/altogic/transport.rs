//! [`Transport`]: how a call reaches Altogic.

use std::{
    error::Error as StdError,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    http::{Request, Response, StatusCode},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use reqwest::RequestBuilder;
use tower::ServiceExt;

use super::exchange::{Failure, Health, unavailable, unreachable};

/// Larger replies are no account data.
const MAX_REPLY: usize = 1024 * 1024;
/// Who calls when there is no network in between: this machine.
const OURSELVES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How a call reaches Altogic. Either way it is the same HTTP request.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    Network,
    /// Into the embedded server's router: a connection to ourselves costs more than the work.
    Direct(Router),
}

impl Transport {
    /// Makes the call, and reads its reply to the end.
    pub(super) async fn send(&self, call: RequestBuilder) -> Result<Response<Bytes>, Failure> {
        match self {
            Self::Network => {
                let reply = call.send().await.map_err(unreachable)?;
                read(Response::<reqwest::Body>::from(reply)).await
            }
            Self::Direct(router) => {
                let request = call.build().and_then(Request::<reqwest::Body>::try_from);
                let mut request = request.map_err(unreachable)?.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(OURSELVES));
                let Ok(reply) = router.clone().oneshot(request).await;
                read(reply).await
            }
        }
    }
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
