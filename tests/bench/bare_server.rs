//! The bare axum server that the bench divides by. It belongs to the backend's package, so that
//! its libraries are the very same builds.

use std::path::Path;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};

/// Serves the files `page` and `profile` of the working directory, each a `.body` with a `.head`
/// of one `name: value` on each line, until it is killed.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let router = Router::new()
        .route("/", always("page")?)
        .route(shared::profile::PATH, always("profile")?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

fn always(name: &str) -> anyhow::Result<MethodRouter> {
    let body = Bytes::from(std::fs::read(Path::new(name).with_extension("body"))?);
    let text = std::fs::read_to_string(Path::new(name).with_extension("head"))?;
    let mut head = HeaderMap::new();
    for line in text.lines() {
        let (name, value) = line.split_once(": ").context("a head's line is `name: value`")?;
        head.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(get(async move || (head, body).into_response()))
}
