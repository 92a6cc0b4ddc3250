//! Bytes of the site as it is served, and of the binary.

use reqwest::Method;
use reqwest::header::ACCEPT_ENCODING;
use support::{Client, TestBinary, program};

use crate::report::Report;

const WASM_BUDGET_KB: f64 = 180.0;
const BINARY_BUDGET_MB: f64 = 25.0;

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let client = app.client();
    let page = client.get("/").await.body;
    report_file(&client, report, "HTML", "/", None).await;
    for (what, ending, budget) in [
        ("wasm", ".wasm", Some(WASM_BUDGET_KB)),
        ("JS", ".js", None),
        ("CSS", ".css", None),
    ] {
        for path in linked(&page, ending) {
            report_file(&client, report, what, &path, budget).await;
        }
    }
    let binary = std::fs::metadata(program()).expect("the binary is there").len();
    report.add("binary", kilo(binary) / 1000.0, "MB", Some(BINARY_BUDGET_MB));
}

async fn report_file(client: &Client, report: &mut Report, what: &str, path: &str, budget: Option<f64>) {
    report.add(
        format!("{what}, raw"),
        fetched(client, path, "identity").await,
        "kB",
        None,
    );
    report.add(
        format!("{what}, br"),
        fetched(client, path, "br").await,
        "kB",
        budget,
    );
}

/// The size of a body in this encoding, in kB.
async fn fetched(client: &Client, path: &str, encoding: &str) -> f64 {
    let request = client
        .request(Method::GET, path)
        .header(ACCEPT_ENCODING, encoding);
    let reply = request.send().await.expect("the system answers");
    assert!(reply.status().is_success(), "{path}: {}", reply.status());
    let body = reply.bytes().await.expect("the reply comes to an end");
    kilo(body.len() as u64)
}

/// The paths with this ending that the page links to, each once.
fn linked(page: &str, ending: &str) -> Vec<String> {
    let mut paths: Vec<String> = page
        .split(['"', '\'', ' ', '>', '='])
        .filter(|word| word.starts_with('/') && word.ends_with(ending))
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

#[expect(clippy::cast_precision_loss, reason = "no file is that large")]
fn kilo(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
