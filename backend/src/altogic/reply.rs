//! What Altogic's reply means; no network in it.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{ApiError, Details, ErrorItem};

use crate::error::Error;

/// What a client waits when Altogic limits it and does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);

/// The value of a successful reply.
///
/// # Errors
/// 502 when the body is not what the call answers with.
pub(super) fn value<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        Error::Unavailable(
            StatusCode::BAD_GATEWAY,
            anyhow::Error::new(error).context("unexpected reply"),
        )
    })
}

/// Checks the reply of a call that gives no value: empty, `OK`, or JSON that is no failure.
///
/// # Errors
/// 502 for anything else, such as the page of a gateway.
pub(super) fn nothing(body: &[u8]) -> Result<(), Error> {
    let body = body.trim_ascii();
    if body.is_empty() || body == b"OK" {
        return Ok(());
    }
    let value: Value = value(body)?;
    if value.get("errors").is_none_or(Value::is_null) {
        Ok(())
    } else {
        let cause = anyhow::anyhow!("a failure with a status of success");
        Err(Error::Unavailable(StatusCode::BAD_GATEWAY, cause))
    }
}

/// Why a call failed, from a reply outside of 200 to 299.
///
/// The bodies that Altogic's own client tolerates are tolerated (PROTOCOL 1.6).
pub(super) fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    if status == StatusCode::TOO_MANY_REQUESTS {
        let wait = retry_after(headers).unwrap_or(DEFAULT_WAIT);
        // In Altogic's words where it has some: only it knows what is limited.
        return match reasons(body)
            .into_iter()
            .find(|item| item.code == "rate_limit_exceeded")
        {
            Some(item) => Error::RateLimited(wait, item.message),
            None => Error::rate_limited(wait),
        };
    }
    let items = reasons(body);
    let ours = |code: &str| {
        matches!(
            code,
            "invalid_client_key" | "missing_client_key" | "invalid_API_key" | "missing_API_key"
        )
    };
    let cause = || {
        let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
        anyhow::anyhow!("Altogic answered {status} with {codes:?}")
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Error::Unavailable(status, cause());
    }
    // A redirect, a page, a failure, or a wrong key of ours: nothing a visitor could mend.
    if !status.is_client_error() || items.is_empty() || items.iter().any(|item| ours(&item.code)) {
        return Error::Unavailable(StatusCode::BAD_GATEWAY, cause());
    }
    let status_text = status.canonical_reason().unwrap_or("Bad Request").to_owned();
    Error::Refused(ApiError {
        status: status.as_u16(),
        status_text,
        items,
    })
}

/// Whether a body is a failure in Altogic's own words.
pub(super) fn says_why(body: &[u8]) -> bool {
    !reasons(body).is_empty()
}

fn reasons(body: &[u8]) -> Vec<ErrorItem> {
    serde_json::from_slice::<Value>(body)
        .map(items)
        .unwrap_or_default()
}

fn items(body: Value) -> Vec<ErrorItem> {
    let list = match body {
        Value::Object(mut object) => match object.remove("errors") {
            Some(Value::Array(items)) => items,
            Some(item) => vec![item],
            None => vec![Value::Object(object)],
        },
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    list.iter().filter_map(item).collect()
}

fn item(value: &Value) -> Option<ErrorItem> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let code = text("code")?;
    // Altogic calls the refused field `param`; the people's words for it are the same.
    let param = value
        .get("details")
        .and_then(|details| details.get("param").or(details.get("field"))?.as_str());
    Some(ErrorItem {
        origin: text("origin").unwrap_or("client_error").to_owned(),
        code: code.to_owned(),
        message: text("message")
            .unwrap_or("The account service refused this.")
            .to_owned(),
        details: param.map(|field| Details {
            field: Some(field.to_owned()),
        }),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(status: u16, body: &str) -> Option<Vec<String>> {
        match failure(
            StatusCode::from_u16(status).unwrap(),
            &HeaderMap::new(),
            body.as_bytes(),
        ) {
            Error::Refused(refusal) => Some(refusal.items.into_iter().map(|item| item.code).collect()),
            _ => None,
        }
    }

    #[test]
    fn every_body_that_altogics_client_reads_is_read() {
        let one = r#"{"origin":"client_error","code":"a","message":"A"}"#;
        let two = r#"{"origin":"client_error","code":"b","message":"B"}"#;

        assert_eq!(
            codes(400, &format!(r#"{{"errors":[{one},{two}]}}"#)).unwrap(),
            ["a", "b"]
        );
        assert_eq!(codes(400, &format!(r#"{{"errors":{one}}}"#)).unwrap(), ["a"]);
        assert_eq!(codes(400, &format!("[{one},{two}]")).unwrap(), ["a", "b"]);
        assert_eq!(codes(400, one).unwrap(), ["a"]);
    }

    #[test]
    fn what_is_no_refusal_is_unavailable() {
        for (status, body) in [
            (400, ""),
            (400, "<html>"),
            (400, "null"),
            (400, "[]"),
            (400, "{}"),
            (400, r#"{"errors":[]}"#),
            (400, r#"{"errors":[{"code":7}]}"#),
            (302, r#"{"code":"a"}"#),
            (500, r#"{"errors":[{"code":"internal_server_error"}]}"#),
            (503, r#"{"errors":[{"code":"server_busy"}]}"#),
            (401, r#"{"errors":[{"code":"invalid_client_key"}]}"#),
        ] {
            assert_eq!(codes(status, body), None, "{status} {body}");
        }
    }

    #[test]
    fn no_value_is_empty_or_json_without_a_failure() {
        for body in [
            "",
            " \n",
            "OK",
            "null",
            "{}",
            "[]",
            "true",
            r#"{"errors":null}"#,
            r#"{"_id":"1"}"#,
        ] {
            assert!(nothing(body.as_bytes()).is_ok(), "{body}");
        }
        for body in [
            "<html></html>",
            "{",
            "Moved",
            r#"{"errors":[]}"#,
            r#"{"errors":[{"code":"a"}]}"#,
        ] {
            assert!(nothing(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn the_refused_field_keeps_its_name() {
        let body = br#"{"errors":[{"code":"validation_error","message":"m","details":{"param":"email"}}]}"#;

        let Error::Refused(refusal) = failure(StatusCode::BAD_REQUEST, &HeaderMap::new(), body) else {
            panic!()
        };

        assert_eq!(refusal.items[0].field(), Some("email"));
    }

    #[test]
    fn a_limit_says_how_long() {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, "42".parse().unwrap())]);

        let error = failure(StatusCode::TOO_MANY_REQUESTS, &headers, b"");

        assert!(matches!(error, Error::RateLimited(wait, _) if wait == Duration::from_secs(42)));
    }
}
