//! Bytes of the site's files as they are served, and of the binary.

use reqwest::Method;
use reqwest::header::ACCEPT_ENCODING;
use support::{Client, TestBinary, program};

use crate::pages::kb;
use crate::report::{Report, figure};

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let client = app.client();
    let page = client.get("/").await.body;
    report.add(figure("HTML of /, br", fetched(&client, "/").await, "kB"));
    for (what, ending) in [("wasm, br", ".wasm"), ("JS, br", ".js"), ("CSS, br", ".css")] {
        for path in linked(&page, ending) {
            report.add(figure(what, fetched(&client, &path).await, "kB"));
        }
    }
    let binary = std::fs::metadata(program()).expect("the binary is there").len();
    report.add(figure("binary, the one file to deploy", kb(binary) / 1000.0, "MB").at_most(25.0, 15.0));
}

/// The size of a body, in kB.
async fn fetched(client: &Client, path: &str) -> f64 {
    let request = client.request(Method::GET, path).header(ACCEPT_ENCODING, "br");
    let reply = request.send().await.expect("the system answers");
    assert!(reply.status().is_success(), "{path}: {}", reply.status());
    let body = reply.bytes().await.expect("the reply comes to an end");
    kb(body.len() as u64)
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
