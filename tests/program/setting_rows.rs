//! Every setting: the spellings that are taken, and the values that are refused.

/// A setting, values that are taken, and values that are refused.
pub type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

/// What every switch takes and refuses.
const SWITCHES: (&[&str], &[&str]) = (
    &["1", "0", "true", "False", "YES", "no", "On", "off", " on "],
    &["2", "perhaps", "y es"],
);

/// A row for each setting.
pub const ROWS: &[Row] = &[
    (
        "LISTEN_ADDR",
        &["127.0.0.1:3000", "[::1]:3000", "localhost:3000", " 127.0.0.1:0 "],
        &[
            "nowhere",
            "3000",
            ":3000",
            "127.0.0.1",
            "127.0.0.1:70000",
            "http://127.0.0.1:3000",
        ],
    ),
    (
        "PUBLIC_URL",
        &[
            "https://accounts.example.com",
            "https://accounts.example.com/",
            "HTTPS://Accounts.example.com:8443",
            "http://localhost:3000",
            "http://[::1]:3000/",
            "\"http://localhost:3000\"",
        ],
        &[
            "accounts.example.com",
            "https://example.com/accounts",
            "https://user:hunter2@example.com",
            "https://:hunter2@example.com",
            "https://example.com/?a=b",
            "ftp://example.com",
        ],
    ),
    (
        "DATA_DIR",
        &["data", "./other data"],
        &["/dev/null", "/dev/null/data"],
    ),
    (
        "ALTOGIC_ENV_URL",
        &["https://example.c1-na.altogic.com", "http://127.0.0.1:4000/env/"],
        &[
            "ftp://a.example",
            "https://user:hunter2@a.example",
            "https://:hunter2@a.example",
            "a.example",
        ],
    ),
    (
        "ALTOGIC_CLIENT_KEY",
        &["0123456789abcdef", "a key of several words"],
        &["hunter2\thunter2\thunter2", "hunter2-hunter2-ä", "hunter2"],
    ),
    (
        "ALTOGIC_API_KEY",
        &["0123456789abcdef", "'0123456789abcdef'", "a key of several words"],
        &[
            "hunter2\thunter2\thunter2",
            "hunter2-hunter2-ä",
            "a",
            "fifteen-letters",
        ],
    ),
    (
        "ALLOWED_ORIGINS",
        &[
            "https://a.example,https://b.example/",
            "https://a.example, http://localhost:5173 ,",
            "https://a.example https://b.example",
        ],
        &["*", "null", "a.example", "https://a.example/path"],
    ),
    ("ALTOGIC_COMPAT_ERRORS", SWITCHES.0, SWITCHES.1),
    (
        "EMBEDDED_ADDR",
        &["127.0.0.1:0", "localhost:4000"],
        &["nowhere", "localhost"],
    ),
    (
        "REDIRECT_URL",
        &[
            "https://app.example.com/auth-redirect?lang=en",
            "http://localhost:5173/auth-redirect",
        ],
        &[
            "javascript:alert('hunter2')",
            "JavaScript://a.example/%0aalert(1)",
            "data:text/html,hunter2",
            "http://app.example.com/",
            "https://user:hunter2@app.example.com/",
            "/auth-redirect",
            "altogic://auth",
        ],
    ),
    ("CONFIRM_EMAIL", SWITCHES.0, SWITCHES.1),
    (
        "PASSWORD_MIN_LENGTH",
        &["8", " 15 ", "64"],
        &["7", "65", "-8", "eight", "8.5"],
    ),
    (
        "SESSION_IDLE_DAYS",
        &["1", "3650"],
        &["0", "3651", "never", "30 days"],
    ),
    ("SESSION_MAX_DAYS", &["1", "3650"], &["0", "3651", "never"]),
    ("FILES_PER_USER_MB", &["1", "100"], &["0", "-1", "many", "1.5"]),
    ("STOP_DELAY", &["0", "300"], &["-1", "301", "5s"]),
    (
        "SMTP_URL",
        &[
            "smtp://mail.example.com",
            "smtp://user:pa/ss#wo?rd@mail.example.com:587",
            "smtps://us%40er:p%2Fw@mail.example.com:465/",
            "SMTP://127.0.0.1:2525",
            "smtp://[::1]:25",
        ],
        &[
            "mail.example.com:587",
            "http://user:hunter2@mail.example.com",
            "smtp:user:hunter2@mail.example.com",
            "smtp://user:hunter2@",
            "smtp://user:hunter2@mail.example.com:port",
            "smtp://user:hunter2@mail.example.com/?tls=1",
            "smtp://user:hunter2@mail.example.com:465",
        ],
    ),
    (
        "SMTP_HELO",
        &["accounts.example.com", "[192.0.2.1]", "2001:db8::1"],
        &["https://example.com", "a b", "x\r\nMAIL FROM"],
    ),
    (
        "MAIL_FROM",
        &[
            "accounts@example.com",
            "Latchkey <accounts@example.com>",
            "Latchkey, Inc. <a@b.c>",
            "a@localhost",
        ],
        &["nobody", "a@", "a@b.c, d@e.f", "Latchkey a@b.c"],
    ),
    (
        "TRUSTED_PROXIES",
        &[
            "10.0.0.1",
            "10.0.0.0/8, 172.16.0.0/12 ,192.168.0.0/16",
            "fd00::/8 ::1",
            "10.0.0.0/255.0.0.0",
        ],
        &[
            "here",
            "10.0.0.0/33",
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1,128.0.0.0/1",
            "10.0.0.1:80",
        ],
    ),
    ("RATE_LIMITS", SWITCHES.0, SWITCHES.1),
    (
        "RUST_LOG",
        &["info", "DEBUG", "warn,backend=trace", "off"],
        &["info,backend=hunter2", "a=b=c"],
    ),
    ("UNSAFE_OPEN_OUTBOX", SWITCHES.0, SWITCHES.1),
    ("UNSAFE_NO_RATE_LIMITS", SWITCHES.0, SWITCHES.1),
    ("UNSAFE_PLAIN_ALTOGIC", SWITCHES.0, SWITCHES.1),
    ("UNSAFE_UNCONFIRMED_EMAIL", SWITCHES.0, SWITCHES.1),
];
