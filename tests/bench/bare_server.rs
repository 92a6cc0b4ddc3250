//! The bare axum server that the bench divides by. It belongs to the backend's package, so that
//! its libraries are the very same builds.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;

/// Serves the files `page`, in the encoding that the file `encoding` names, and `profile` of the
/// working directory until it is killed.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let [page, encoding, profile] = ["page", "encoding", "profile"].map(std::fs::read);
    let (page, profile) = (Bytes::from(page?), Bytes::from(profile?));
    let typed = |media_type| {
        let name = HeaderName::from_static("content-type");
        (name, HeaderValue::from_static(media_type))
    };
    let encoding = (
        HeaderName::from_static("content-encoding"),
        HeaderValue::from_bytes(&encoding?)?,
    );
    let (page_headers, profile_headers) = (
        [typed("text/html; charset=utf-8"), encoding],
        [typed("application/json")],
    );
    let router = Router::new()
        .route("/", get(async move || (page_headers, page)))
        .route(
            shared::profile::PATH,
            get(async move || (profile_headers, profile)),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
