//! An answer, taken apart for assertions.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of an answer; `body` is `Null` where it is not JSON.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl Reply {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.bytes().await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Self {
            status,
            headers,
            bytes,
            body,
        }
    }

    /// The string at a JSON pointer.
    pub fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}: {}", self.body))
            .to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a refusal in Altogic's form with one item of this code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.codes(), [code], "{}", self.body);
        assert_eq!(self.status, status, "{}", self.body);
    }

    /// The codes of a refusal, whose form is checked.
    #[track_caller]
    pub fn codes(&self) -> Vec<&str> {
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{:?}",
            self.headers
        );
        let items = self.body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.body));
        for item in items {
            assert!(
                matches!(item["origin"].as_str(), Some("client_error" | "server_error")),
                "{item}"
            );
            assert!(!item["message"].as_str().unwrap().is_empty(), "{item}");
            assert!(item.get("details").is_none_or(Value::is_object), "{item}");
        }
        items.iter().map(|item| item["code"].as_str().unwrap()).collect()
    }

    /// The refused fields of a `validation_error`.
    #[track_caller]
    pub fn refused_fields(&self) -> Vec<&str> {
        assert_eq!(self.status, 400, "{}", self.body);
        assert!(
            self.codes().iter().all(|code| *code == "validation_error"),
            "{}",
            self.body
        );
        let items = self.body["errors"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["details"]["param"].as_str().unwrap())
            .collect()
    }
}
