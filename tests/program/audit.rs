//! `latchkey audit`, beside a running server.

use std::process::{Command, Output};

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use support::{TestBinary, program};

use crate::{PASSWORD, text};

/// Runs `latchkey audit` on the database of a running server.
fn audit(binary: &TestBinary, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command
        .arg("audit")
        .args(arguments)
        .env_clear()
        .env("DATA_DIR", binary.data_dir())
        .current_dir(binary.data_dir());
    command.output().expect("the program is built")
}

fn lines(binary: &TestBinary, arguments: &[&str]) -> Vec<String> {
    let output = audit(binary, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn events(binary: &TestBinary, arguments: &[&str]) -> Vec<Value> {
    let lines = lines(binary, &[arguments, &["--json"]].concat());
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// T-94: the reply, the log and the audit name the same request.
#[tokio::test]
async fn the_audit_of_a_running_server_is_read_and_joins_its_log() {
    let mut binary = TestBinary::start(&[]).await;
    let client = binary.client();
    let user = client.join("Ada", "ada@example.com", PASSWORD).await;
    client.sign_out().await;
    client.sign_in("ada@example.com", "a-wrong-password").await;
    let reply = client.sign_in("ada@example.com", PASSWORD).await;
    let request_id = reply.header("x-request-id").unwrap();

    let all = events(&binary, &[]);
    assert_eq!(all[0]["event"], "sign-in-by-password", "{all:?}");
    assert_eq!(all[0]["result"], "ok");
    assert_eq!(all[0]["device"], "Firefox on Linux");
    assert_eq!(all[0]["network"], "127.0.0.0/24");
    assert_eq!(all[0]["request_id"], request_id);
    let user_id = all[0]["account"].as_str().unwrap();
    assert_eq!(all[1]["reason"], "wrong-password");
    let log = binary.log();
    let line = log
        .lines()
        .find(|line| line.contains("event=\"sign-in-by-password\" result=\"ok\""));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains(request_id) && line.contains(user_id) && line.contains(" audit: "),
        "{line}"
    );

    assert_eq!(events(&binary, &["--limit", "2"]), all[..2]);
    assert_eq!(events(&binary, &["--user", &user.email]), all);
    assert!(events(&binary, &["--user", user_id]).len() < all.len());
    assert_eq!(events(&binary, &["--event", "sign-out"]).len(), 1);
    assert_eq!(events(&binary, &["--since", "1h"]), all);
    assert!(events(&binary, &["--since", "2999-01-01"]).is_empty());
    let table = lines(&binary, &[]);
    assert_eq!(table.len(), all.len() + 1);
    assert!(table[2].contains("sign-in-by-password") && table[2].contains("refused wrong-password"));
    for wrong in [
        &["--event", "sign-outs"][..],
        &["--since", "soon"],
        &["--user", "ada"],
    ] {
        assert!(!audit(&binary, wrong).status.success(), "{wrong:?}");
    }

    binary.kill().await;
    assert_eq!(events(&binary, &[]), all, "after kill -9");
    binary.restart().await;
    binary.terminate().await;
    assert_eq!(events(&binary, &[]), all, "after a clean stop");
}

const THIRD: &str = "quartz of a third password";

/// T-93, T-94: what a request says is nowhere in the audit nor in the log, even when it tells
/// everything.
#[tokio::test]
async fn neither_the_audit_nor_the_log_repeats_what_a_request_says() {
    let binary = TestBinary::start(&[("RUST_LOG", "trace")]).await;
    let client = binary.client();
    let (email, next, name) = (
        "canary-mail@example.com",
        "canary-next@example.com",
        "Canary Name",
    );
    client.join(name, email, PASSWORD).await;
    let first = client.cookie("session_token").unwrap();
    let new_password = "quartz of a new password";
    client.rename("Canary\u{2028}Second").await;
    client.rename("Canary\r\nThird").await;
    client.magic_link(email).await;
    let magic = client.open_link(&client.last_mail_to(email).await).await;
    client.auth_redirect(&magic, true).await;
    let second = client.cookie("session_token").unwrap();
    client.change_email(PASSWORD, next).await;
    client.change_password(PASSWORD, new_password).await;
    client.send_reset(email).await;
    let reset = client.open_link(&client.last_mail_to(email).await).await;
    client.reset_password(&reset, THIRD).await;
    client
        .sign_in("canary-stranger@example.com", "canary-guess")
        .await;
    let body = json!({ "email": email, "password": "canary-guess" });
    let agent = HeaderValue::from_bytes(b"canary-agent\tevent=\"forged\" \xff\x9b Edg/1").unwrap();
    let request = client
        .request(Method::POST, "/api/sign-in?canary-query=1")
        .header("user-agent", agent)
        .header("x-request-id", "canary-request-id")
        .header("x-forwarded-for", "203.0.113.77")
        .header("cookie", "session_token=canary-cookie")
        .json(&body);
    assert_eq!(request.send().await.unwrap().status(), 401);
    client.sign_in(email, THIRD).await;
    client.delete_account(THIRD).await;

    let audit = lines(&binary, &["--json", "--limit", "1000"]);
    for event in [
        "sign-in-by-link",
        "email-change-asked",
        "password-changed",
        "password-reset",
        "account-deleted",
    ] {
        let done = format!("\"event\":\"{event}\",\"result\":\"ok\"");
        assert!(
            audit.iter().any(|line| line.contains(&done)),
            "{event} in {audit:?}"
        );
    }
    let log = binary.log();
    assert!(log.len() > 10_000, "trace tells something");
    for secret in [
        "anary",
        "quartz",
        "203.0.113",
        "example.com",
        "forged",
        PASSWORD,
        &first,
        &second,
        &magic,
        &reset,
    ] {
        for line in audit.iter().map(String::as_str).chain(log.lines()) {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
    }
    assert!(log.chars().all(|c| c == '\n' || !c.is_control()), "{log}");
}
