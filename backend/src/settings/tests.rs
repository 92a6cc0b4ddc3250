//! The settings all together, as `main` reads them.

use std::time::Duration;

use clap::Parser;

use super::{Program, command_line};
use crate::config::{Config, Settings};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

fn read(env: &[(&str, &str)]) -> Result<Settings, String> {
    let lookup = |name: &str| {
        let found = env.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).into())
    };
    match command_line::parse::<Line>(["latchkey".into()], lookup) {
        Ok(line) => Ok(line.settings),
        Err(command_line::Refusal::Wrong(message)) => Err(message),
        Err(command_line::Refusal::Help(error)) => Err(error.to_string()),
    }
}

fn check_for(program: Program, env: &[(&str, &str)]) -> Result<Config, String> {
    let checked = read(env)?.check_in_build(program, false);
    checked.map_err(|misfit| misfit.to_string())
}

fn check(env: &[(&str, &str)]) -> Result<Config, String> {
    check_for(Program::Serve, env)
}

#[test]
fn a_build_for_measuring_is_for_localhost_only() {
    let check = |url| {
        let settings = read(&[("PUBLIC_URL", url)]).unwrap();
        settings.check_in_build(Program::Serve, true)
    };

    let refusal = check("https://accounts.example.com").unwrap_err().to_string();

    assert!(refusal.contains("this build is for measuring"), "{refusal}");
    assert!(check("http://localhost:3000").is_ok());
}

#[test]
fn nothing_set_is_the_whole_system_on_localhost() {
    let config = check(&[]).unwrap();

    assert_eq!(
        config.settings.public_url(3000).as_str(),
        "http://localhost:3000/"
    );
    assert!(config.settings.confirm_email && config.settings.rate_limits);
    assert_eq!(config.settings.session_idle_days, Duration::from_hours(24 * 30));
}

#[test]
fn an_empty_setting_is_an_unset_one() {
    let names = command_line::variables();
    for empty in ["", "  ", "\"\"", "''", "\n"] {
        let env: Vec<_> = names.iter().map(|name| (name.as_str(), empty)).collect();

        let config = check(&env).unwrap();

        assert_eq!(
            format!("{:?}", config.settings),
            format!("{:?}", Settings::default())
        );
    }
}

#[test]
fn secrets_are_not_in_what_is_printed_for_debugging() {
    let config = check(&[
        ("SMTP_URL", "smtp://user:hunter2@mail.example.com"),
        ("MAIL_FROM", "a@a.example"),
        ("ALTOGIC_API_KEY", "hunter2-hunter2-hunter2"),
    ]);

    assert!(!format!("{:?}", config.unwrap()).contains("hunter2"));
}

const LOCAL_ALTOGIC: &[(&str, &str)] = &[
    ("ALTOGIC_ENV_URL", "http://127.0.0.1:1"),
    ("ALTOGIC_CLIENT_KEY", "k"),
];
const PUBLIC: &[(&str, &str)] = &[
    ("PUBLIC_URL", "https://a.example"),
    ("SMTP_URL", "smtp://mail.example.com"),
    ("MAIL_FROM", "a@a.example"),
];
const CONTAINER: &[(&str, &str)] = &[
    ("LISTEN_ADDR", "0.0.0.0:3000"),
    ("PUBLIC_URL", "http://localhost:3000"),
];

#[test]
fn settings_that_do_not_fit_together_name_the_one_to_change() {
    for (env, variable) in [
        (&[("LISTEN_ADDR", "0.0.0.0:3000")][..], "PUBLIC_URL"),
        (&[("PUBLIC_URL", "http://accounts.example.com")], "PUBLIC_URL"),
        (&[("PUBLIC_URL", "https://accounts.example.com")], "SMTP_URL"),
        (&[("SMTP_URL", "smtp://a.b")], "MAIL_FROM"),
        (&LOCAL_ALTOGIC[..1], "ALTOGIC_CLIENT_KEY"),
        (&[("ALTOGIC_API_KEY", "fifteen-letters")], "ALTOGIC_API_KEY"),
        (&[("ALTOGIC_CLIENT_KEY", "a")], "ALTOGIC_CLIENT_KEY"),
        (
            &[
                ("ALTOGIC_CLIENT_KEY", "sixteen-letters-"),
                ("ALTOGIC_API_KEY", "sixteen-letters-"),
            ],
            "ALTOGIC_API_KEY",
        ),
        (&[("REDIRECT_URL", "altogic://auth")], "REDIRECT_URL"),
        (
            &[("TRUSTED_PROXIES", "0.0.0.0/1, 128.0.0.0/1")],
            "TRUSTED_PROXIES",
        ),
        (&[("DATA_DIR", "/dev/null/data")], "DATA_DIR"),
    ] {
        let message = check(env).unwrap_err();
        assert!(
            message.starts_with(&format!("{variable}: ")),
            "{env:?}: {message}"
        );
    }
    assert!(check(LOCAL_ALTOGIC).is_ok());
}

/// SECURITY-BAR T-96.
#[test]
fn conveniences_of_development_need_every_address_to_be_loopback() {
    let with = |env: &[(&'static str, &'static str)], more| [env, &[more]].concat();
    for (env, variable) in [
        (with(PUBLIC, ("RATE_LIMITS", "off")), "RATE_LIMITS"),
        (with(PUBLIC, ("CONFIRM_EMAIL", "false")), "CONFIRM_EMAIL"),
        (CONTAINER.to_vec(), "SMTP_URL"),
        (vec![("EMBEDDED_ADDR", "[::]:4000")], "SMTP_URL"),
        (vec![("EMBEDDED_ADDR", "192.0.2.1:4000")], "SMTP_URL"),
        (
            with(
                &with(CONTAINER, ("UNSAFE_OPEN_OUTBOX", "1")),
                ("RATE_LIMITS", "off"),
            ),
            "RATE_LIMITS",
        ),
        (
            with(
                &with(CONTAINER, ("UNSAFE_OPEN_OUTBOX", "1")),
                ("CONFIRM_EMAIL", "no"),
            ),
            "CONFIRM_EMAIL",
        ),
        (
            with(
                &with(PUBLIC, ("RATE_LIMITS", "off")),
                ("UNSAFE_NO_RATE_LIMITS", "1"),
            ),
            "RATE_LIMITS",
        ),
    ] {
        let message = check(&env).unwrap_err();
        assert!(message.starts_with(variable), "{env:?}: {message}");
    }
    for env in [
        with(CONTAINER, ("UNSAFE_OPEN_OUTBOX", "1")),
        with(
            &with(PUBLIC, ("CONFIRM_EMAIL", "false")),
            ("UNSAFE_UNCONFIRMED_EMAIL", "1"),
        ),
        vec![("LISTEN_ADDR", "[::ffff:127.0.0.1]:3000"), ("RATE_LIMITS", "off")],
        vec![("LISTEN_ADDR", "127.0.0.2:3000"), ("RATE_LIMITS", "off")],
    ] {
        assert!(check(&env).is_ok(), "{env:?}");
    }
}

/// SECURITY-BAR T-96.
#[test]
fn the_embedded_server_alone_keeps_its_outbox_at_home() {
    let open = [
        ("EMBEDDED_ADDR", "0.0.0.0:4000"),
        ("PUBLIC_URL", "http://localhost:4000"),
    ];
    let alone = |env: &[_]| check_for(Program::Altogic, env);

    assert!(alone(&open[..1]).unwrap_err().starts_with("PUBLIC_URL"));
    assert!(alone(&open).unwrap_err().starts_with("SMTP_URL"));
    assert!(alone(&[&open[..], &[("UNSAFE_OPEN_OUTBOX", "yes")]].concat()).is_ok());
    // It does not listen there.
    assert!(alone(&[("LISTEN_ADDR", "0.0.0.0:3000")]).is_ok());
    assert!(alone(&[("REDIRECT_URL", "altogic://auth")]).is_ok());
}

#[test]
fn secrets_travel_to_another_machine_in_tls_only() {
    let other = [
        ("ALTOGIC_ENV_URL", "http://altogic.internal:4000"),
        ("ALTOGIC_CLIENT_KEY", "k"),
    ];

    assert!(check(&other).unwrap_err().starts_with("ALTOGIC_ENV_URL"));
    assert!(check(&[&other[..], &[("UNSAFE_PLAIN_ALTOGIC", "1")]].concat()).is_ok());
}

#[test]
fn a_command_that_does_not_listen_needs_no_fitting_settings() {
    let env = [("LISTEN_ADDR", "0.0.0.0:3000")];

    assert!(check_for(Program::Offline, &env).is_ok());
}
