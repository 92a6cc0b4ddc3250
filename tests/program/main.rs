//! The program from outside: its settings, its keys, its log, its end.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod audit;
mod durable;
mod memory;
mod overload;
mod pictures;
mod setting_rows;
mod settings;
mod stopping;

use std::process::{Command, Output};

use reqwest::StatusCode;
use support::{TestBinary, program};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery";

/// Runs the program to its end, in an empty folder and without the settings of whoever tests.
fn run(folder: &TempDir, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(folder.path());
    command.output().expect("the program is built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_wrong_setting_ends_it_before_it_listens() {
    let folder = TempDir::new().unwrap();

    for (variable, value) in [
        ("LISTEN_ADDR", "nowhere"),
        ("PUBLIC_URL", "http://accounts.example.com"),
        ("PASSWORD_MIN_LENGTH", "3"),
        ("ALTOGIC_ENV_URL", "ftp://a.example"),
    ] {
        let output = run(&folder, &[], &[(variable, value)]);
        assert_eq!(output.status.code(), Some(2), "{variable}");
        assert!(
            text(&output.stderr).contains(variable),
            "{}",
            text(&output.stderr)
        );
    }
    std::fs::write(folder.path().join(".env"), "SESSION_MAX_DAYS=never\n").unwrap();
    let output = run(&folder, &[], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("SESSION_MAX_DAYS"),
        "{}",
        text(&output.stderr)
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn help_and_version_are_told() {
    let folder = TempDir::new().unwrap();

    let help = text(&run(&folder, &["--help"], &[]).stdout);

    assert!(help.contains("127.0.0.1:3000"), "{help}");
    assert!(text(&run(&folder, &["--version"], &[]).stdout).starts_with("latchkey "));
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let folder = TempDir::new().unwrap();

    let made = run(&folder, &["keys", "make", "api", "importer"], &[]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let key = text(&made.stdout).trim().to_owned();
    let list = || text(&run(&folder, &["keys", "list"], &[]).stdout);
    let before = list();
    let id = before.split_whitespace().next().unwrap().to_owned();

    assert!(
        key.len() >= 40 && !before.contains(&key) && before.contains("importer"),
        "{before}"
    );
    assert!(run(&folder, &["keys", "revoke", &id], &[]).status.success());
    assert!(list().contains("revoked"), "{}", list());
    assert_eq!(run(&folder, &["keys", "revoke", &id], &[]).status.code(), Some(1));
}

#[tokio::test]
async fn the_log_holds_no_secret_even_when_it_tells_everything() {
    let binary = TestBinary::start(&[("RUST_LOG", "trace")]).await;
    let client = binary.client();

    client
        .sign_up("Canary Name", "canary@example.com", PASSWORD)
        .await;
    client.verify_email("canary@example.com").await;
    let mail = client.last_mail_to("canary@example.com").await;
    let access_token = client.open_link(&mail).await;
    client.auth_redirect(&access_token, false).await;
    let first = client.cookie("session_token").unwrap();
    client.profile().await;
    client.magic_link("canary@example.com").await;
    client.send_reset("canary@example.com").await;
    client.sign_out().await;
    client.sign_in("canary@example.com", "a-wrong-password").await;
    client.sign_in("canary@example.com", PASSWORD).await;
    let second = client.cookie("session_token").unwrap();
    assert_eq!(client.sessions().await.status, StatusCode::OK);

    let log = binary.log();
    assert!(log.len() > 1000, "trace tells something");
    for secret in [
        PASSWORD,
        "a-wrong-password",
        &access_token,
        &first,
        &second,
        "canary@example.com",
        "Canary Name",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}

#[tokio::test]
async fn sigterm_ends_it_in_order() {
    let mut binary = TestBinary::start(&[]).await;
    binary.client().sign_up("Ada", "ada@example.com", PASSWORD).await;

    let status = binary.terminate().await;

    assert_eq!(status.code(), Some(0));
    binary.restart().await;
    assert_eq!(binary.client().mails_to("ada@example.com").await.len(), 1);
}
