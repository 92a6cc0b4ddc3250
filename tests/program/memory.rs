//! Large files stream: they do not pass through memory.

use std::fs;

use futures_util::stream::{self, Stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, Method, RequestBuilder};
use serde_json::{Value, json};
use support::TestBinary;

const CLIENT_KEY: &str = "a-client-key-for-this-test-only";
/// Of each file, in bytes.
const LENGTH: usize = 100_000_000;
const CHUNK: usize = 100_000;
/// What the process may grow by, in bytes.
const GROWTH: u64 = 16_000_000;

/// The embedded Altogic, fresh from its start, and a session of it. What signing up took of the
/// memory must not hide what a file takes.
async fn fresh() -> (TestBinary, String) {
    support::install_crypto();
    let settings = [
        ("CONFIRM_EMAIL", "false"),
        ("ALTOGIC_CLIENT_KEY", CLIENT_KEY),
        ("FILES_PER_USER_MB", "1000"),
    ];
    let mut altogic = TestBinary::start_altogic(0, "http://localhost", &settings).await;
    let body = json!({ "email": "ada@example.com", "password": "correct horse battery" });
    let reply = call(&altogic, Method::POST, "auth/signup-email")
        .json(&body)
        .send();
    let granted: Value = reply.await.unwrap().json().await.unwrap();
    let token = granted["session"]["token"].as_str().unwrap().to_owned();
    altogic.terminate().await;
    altogic.restart().await;
    // The first of each kind warms up what stays.
    upload(&altogic, &token, "small", "5", Body::from("\"abc\"")).await;
    (altogic, token)
}

fn call(altogic: &TestBinary, method: Method, path: &str) -> RequestBuilder {
    Client::new()
        .request(method, format!("{}/_api/rest/v1/{path}", altogic.public_url))
        .header("X-Client-Key", CLIENT_KEY)
}

async fn upload(altogic: &TestBinary, token: &str, name: &str, length: &str, body: Body) -> Value {
    let path = format!("storage/bucket/upload-object?bucket=root&fileName={name}");
    let request = call(altogic, Method::POST, &path)
        .header("Session", token)
        .header("Content-Type", "application/json")
        .header("Content-Length", length);
    request.body(body).send().await.unwrap().json().await.unwrap()
}

/// So many times this text, in chunks.
fn repeated(text: &'static str, length: usize) -> impl Stream<Item = std::io::Result<String>> + Send {
    let chunk = text.repeat(CHUNK / text.len());
    stream::iter((0..length / chunk.len()).map(move |_| Ok(chunk.clone())))
}

fn once(text: &'static str) -> impl Stream<Item = std::io::Result<String>> + Send {
    stream::iter([Ok(text.to_owned())])
}

/// A size of `/proc/PID/status`, in bytes.
fn memory(altogic: &TestBinary, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", altogic.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}

/// Forgets the highest memory so far (`proc_pid_clear_refs(5)`), and gives the present one.
fn begin(altogic: &TestBinary) -> u64 {
    fs::write(format!("/proc/{}/clear_refs", altogic.pid()), "5").unwrap();
    memory(altogic, "VmRSS")
}

fn assert_grown_little(altogic: &TestBinary, before: u64) {
    let grown = memory(altogic, "VmHWM").saturating_sub(before);
    eprintln!("grown by {grown} bytes from {before}");
    assert!(grown <= GROWTH, "grown by {grown} bytes from {before}");
}

#[tokio::test]
async fn a_large_form_and_its_download_pass_through_little_memory() {
    let (altogic, token) = fresh().await;
    let before = begin(&altogic);

    let bytes = Body::wrap_stream(repeated("0123456789", LENGTH));
    let part = Part::stream_with_length(bytes, LENGTH as u64);
    let part = part.file_name("a").mime_str("image/png").unwrap();
    let path = "storage/bucket/upload-formdata?bucket=root&fileName=a";
    let request = call(&altogic, Method::POST, path).header("Session", &token);
    let reply = request
        .multipart(Form::new().part("file", part))
        .send()
        .await
        .unwrap();
    let file: Value = reply.json().await.unwrap();
    assert_eq!(file["size"], LENGTH, "{file}");

    let mut download = reqwest::get(file["publicPath"].as_str().unwrap()).await.unwrap();
    let mut length = 0;
    while let Some(chunk) = download.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, LENGTH);
    assert_grown_little(&altogic, before);
}

#[tokio::test]
async fn large_bodies_of_node_pass_through_little_memory() {
    use stream::StreamExt as _;
    let (altogic, token) = fresh().await;
    let before = begin(&altogic);

    let text = once("\"").chain(repeated("0123456789", LENGTH)).chain(once("\""));
    let length = (LENGTH + 2).to_string();
    let file = upload(&altogic, &token, "text", &length, Body::wrap_stream(text)).await;
    assert_eq!(file["size"], LENGTH, "{file}");

    let (head, end) = ("{\"type\":\"Buffer\",\"data\":[0", "]}");
    let buffer = once(head).chain(repeated(",104", LENGTH)).chain(once(end));
    let length = (head.len() + LENGTH + end.len()).to_string();
    let file = upload(&altogic, &token, "buffer", &length, Body::wrap_stream(buffer)).await;
    assert_eq!(file["size"], LENGTH / 4 + 1, "{file}");
    assert_grown_little(&altogic, before);
}
