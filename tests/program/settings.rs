//! Every setting: the spellings that are taken, the values that are refused and with which words, and
//! that no refused value is repeated.

use std::process::Output;

use backend::settings::command_line;
use reqwest::Method;
use serde_json::json;
use support::TestBinary;
use tempfile::TempDir;

use crate::setting_rows::ROWS;
use crate::{PASSWORD, run, text};

/// Settings of others that these rows do not know make this fail: add a row for each.
#[test]
fn every_setting_has_a_row_here_and_a_line_in_the_help() {
    let folder = TempDir::new().unwrap();
    let mut rows: Vec<_> = ROWS.iter().map(|row| row.0.to_owned()).collect();
    let mut variables = command_line::variables();
    rows.sort();
    variables.sort();

    for command in [
        &["--help"][..],
        &["help"],
        &["altogic", "--help"],
        &["keys", "--help"],
    ] {
        let help = text(&run(&folder, command, &[("SMTP_URL", "smtp://u:hunter2@h")]).stdout);
        for variable in &variables {
            assert!(
                help.contains(&format!("[env: {variable}]")),
                "{command:?} {variable}: {help}"
            );
        }
        assert!(!help.contains("hunter2"), "{help}");
    }

    assert_eq!(rows, variables);
}

#[test]
fn each_setting_is_taken_in_all_its_spellings() {
    for (variable, values, _) in ROWS {
        for value in *values {
            let folder = TempDir::new().unwrap();
            let output = run(&folder, &["keys", "list"], &[(variable, value)]);
            assert!(
                output.status.success(),
                "{variable}={value}: {}",
                text(&output.stderr)
            );
        }
    }
}

#[test]
fn a_wrong_value_ends_it_with_words_from_wherever_it_comes() {
    for (variable, _, values) in ROWS {
        let flag = format!("--{}", variable.to_lowercase().replace('_', "-"));
        for value in *values {
            let folder = TempDir::new().unwrap();
            let given = [
                run(&folder, &[], &[(variable, value)]),
                run(&folder, &[&format!("{flag}={value}")], &[]),
                run(&folder, &["serve", &flag, value], &[]),
            ];
            std::fs::write(
                folder.path().join(".env"),
                format!("{variable}='{}'", value.replace('\'', "")),
            )
            .unwrap();
            for output in given.into_iter().chain([run(&folder, &[], &[])]) {
                refused(&output, variable, value);
            }
            assert!(!folder.path().join("data").exists(), "{variable}={value}");
        }
    }
}

/// Exit code 2, the variable, what is expected, and not the value.
fn refused(output: &Output, variable: &str, value: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
    assert!(
        said.starts_with(&format!("error: {variable}: expected ")),
        "{variable}={value}: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(text(&output.stdout), "");
}

/// SECURITY-BAR T-93, T-95.
#[test]
fn nothing_that_it_cannot_read_is_repeated() {
    let secret = "smtp://user:hunter2@mail.example.com";
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["--smtp-ulr=smtp://user:hunter2@mail.example.com"][..],
        &["--smtp-ulr", secret],
        &[secret],
        &["serve", secret],
        &["--smtp-url", secret, "--smtp-url", "smtp://hunter2"],
        &["--hunter2-smtp://user:hunter2@mail.example.com-and-a-lot-more"],
        &["keys", "make", secret, "name"],
        &["keys", secret],
        &["-xhunter2"],
    ] {
        let output = run(&folder, arguments, &[]);
        let said = text(&output.stderr) + text(&output.stdout).as_str();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("error: ") && !said.contains("hunter2"), "{said}");
    }
    for line in [
        "SMTP_URL smtp://user:hunter2@mail.example.com",
        "SMTP_URL=smtp://user:hunter2@mail.example.com and more",
        "SMTP_URL='smtp://user:hunter2@mail.example.com",
        "SMTP_URL=\"hunter2\\q\"",
        "smtp://user:hunter2@mail.example.com",
    ] {
        std::fs::write(folder.path().join(".env"), format!("# settings\n{line}\n")).unwrap();
        let output = run(&folder, &[], &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.starts_with("error: .env, line 2: expected "), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_an_empty_variable_does_not() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(".env"), "DATA_DIR=from-file\nSMTP_URL=\n").unwrap();
    let made = |name: &str| folder.path().join(name).exists();

    assert!(
        run(&folder, &["keys", "list"], &[("DATA_DIR", "from-env")])
            .status
            .success()
    );
    assert!(made("from-env") && !made("from-file"));
    assert!(
        run(&folder, &["keys", "list"], &[("DATA_DIR", "")])
            .status
            .success()
    );
    assert!(made("from-file") && !made("data"));
    assert!(
        run(&folder, &["keys", "list", "--data-dir", "from-flag"], &[])
            .status
            .success()
    );
    assert!(made("from-flag"));
}

/// SECURITY-BAR T-96.
#[test]
fn conveniences_of_development_are_refused_on_every_listening_address() {
    let url = ("PUBLIC_URL", "http://localhost:3000");
    for (arguments, env, variable) in [
        (
            &["altogic"][..],
            &[("EMBEDDED_ADDR", "0.0.0.0:0"), url][..],
            "SMTP_URL",
        ),
        (&["altogic"], &[("EMBEDDED_ADDR", "[::]:0"), url], "SMTP_URL"),
        (&["altogic"], &[("EMBEDDED_ADDR", "0.0.0.0:0")], "PUBLIC_URL"),
        (&[], &[("LISTEN_ADDR", "0.0.0.0:0"), url], "SMTP_URL"),
        (&["serve"], &[("EMBEDDED_ADDR", "0.0.0.0:0")], "SMTP_URL"),
        (
            &[],
            &[
                ("LISTEN_ADDR", "0.0.0.0:0"),
                url,
                ("UNSAFE_OPEN_OUTBOX", "1"),
                ("RATE_LIMITS", "off"),
            ],
            "RATE_LIMITS",
        ),
        (
            &["altogic"],
            &[
                ("EMBEDDED_ADDR", "0.0.0.0:0"),
                url,
                ("UNSAFE_OPEN_OUTBOX", "1"),
                ("CONFIRM_EMAIL", "false"),
            ],
            "CONFIRM_EMAIL",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        refused(&run(&folder, arguments, env), variable, "");
        assert!(!folder.path().join("data").exists());
    }
}

/// SECURITY-BAR T-95: as a compose file gives variables that are set nowhere.
#[tokio::test]
async fn an_empty_key_is_none_and_opens_nothing() {
    let mut empty: Vec<(String, &str)> = command_line::variables()
        .into_iter()
        .filter(|variable| !variable.ends_with("_ADDR") && variable != "REDIRECT_URL")
        .map(|variable| (variable, ""))
        .collect();
    empty.push(("ALTOGIC_API_KEY".to_owned(), "\"\""));
    let env: Vec<_> = empty
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let server = TestBinary::start_altogic(0, "http://localhost:5173", &env).await;
    let folder = TempDir::new().unwrap();
    let data_dir = server.data_dir();
    let listed = run(
        &folder,
        &["keys", "list"],
        &[("DATA_DIR", data_dir.to_str().unwrap())],
    );
    let client_key = text(&listed.stdout).split_whitespace().nth(2).unwrap().to_owned();

    let (browser, http) = (server.client(), reqwest::Client::new());

    for (number, authorization) in ["", " ", "a", "\"\""].into_iter().enumerate() {
        let data = json!({ "name": "Ada", "emailVerified": true });
        let email = format!("ada{number}@x.io");
        // A program, not a page: it says nothing of an origin.
        let request = http
            .request(Method::POST, browser.url("/_api/rest/v1/auth/signup-email"))
            .header("X-Client-Key", &client_key)
            .header("Authorization", authorization)
            .json(&json!({ "email": email, "password": PASSWORD, "nameOrUserData": data }));
        let reply: serde_json::Value = request.send().await.unwrap().json().await.unwrap();

        assert_eq!(
            reply["user"]["emailVerified"], false,
            "{authorization:?}: {reply}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_sends_what_cannot_be_read_is_told_of_once() {
    let binary = TestBinary::start(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;

    for _ in 0..3 {
        let request = binary
            .client()
            .request(Method::POST, "/api/sign-in")
            .header("X-Forwarded-For", "secret-host-name")
            .json(&json!({ "email": "ada@x.io", "password": PASSWORD }));
        assert_eq!(request.send().await.unwrap().status(), 401);
    }

    let log = binary.log();
    assert_eq!(log.matches("cannot be read").count(), 1, "{log}");
    assert!(!log.contains("secret-host-name"), "{log}");
}

#[tokio::test]
async fn what_is_opened_on_purpose_is_in_the_log() {
    let binary = TestBinary::start(&[("UNSAFE_OPEN_OUTBOX", "1")]).await;

    assert!(binary.log().contains("UNSAFE_OPEN_OUTBOX"), "{}", binary.log());
}
