//! The `latchkey` command: reads the settings, starts the system, and waits for its end.

mod audit;
mod keys;

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use backend::{
    Config, Settings,
    settings::{
        Program,
        command_line::{self, Refusal},
        env_file,
    },
    start, start_altogic,
};
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// Threads free what others allocated: requests and the database hand each other their values. The
/// system's allocator then waits for its own locks.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Accounts for a web app: site, API, database, files and mail in one program.
#[derive(Parser)]
#[command(name = "latchkey", version)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "these lines are read in a terminal, by --help"
)]
enum Command {
    /// The app: site, API, and the embedded Altogic unless ALTOGIC_ENV_URL is set (the default)
    Serve,
    /// The embedded Altogic alone, on EMBEDDED_ADDR, for apps written with any Altogic client
    Altogic,
    /// The keys that the embedded Altogic accepts
    #[command(subcommand)]
    Keys(keys::Action),
    /// What happened to accounts of the embedded Altogic, newest first
    Audit(audit::Arguments),
}

impl Command {
    /// What the settings are checked for.
    fn program(&self) -> Program {
        match self {
            Self::Serve => Program::Serve,
            Self::Altogic => Program::Altogic,
            Self::Keys(_) => Program::Offline,
        }
    }
}

fn main() -> ExitCode {
    let line = match read_line() {
        Ok(line) => line,
        Err(Refusal::Help(text)) => text.exit(),
        Err(Refusal::Wrong(message)) => return refuse(&message),
    };
    let command = line.command.unwrap_or(Command::Serve);
    let config = match line.settings.check_for(command.program()) {
        Ok(config) => config,
        Err(misfit) => return refuse(&misfit.to_string()),
    };

    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&config.settings.rust_log))
        .init();
    match run(command, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command line, completed by the environment and by `.env`.
fn read_line() -> Result<Line, Refusal> {
    let file = env_file::read(Path::new(".env")).map_err(|error| Refusal::Wrong(error.to_string()))?;
    let lookup = |name: &str| {
        // An empty variable is an unset one.
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .or_else(|| file.get(name).map(OsString::from))
    };
    command_line::parse(std::env::args_os(), lookup)
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("error: {message}\n\nFor more information, try 'latchkey --help'.");
    ExitCode::from(2)
}

#[tokio::main]
async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    if command.program() != Program::Offline {
        for opened in config.opened() {
            tracing::warn!("{opened}");
        }
    }
    let (running, line) = match command {
        Command::Serve => {
            let running = start(config).await?;
            let line = format!("Latchkey is ready at {}", running.url);
            (running, line)
        }
        Command::Altogic => {
            let running = start_altogic(config).await?;
            let (url, key) = (&running.url, &running.client_key);
            let line = format!("The embedded Altogic is ready at {url} with the client key {key}");
            (running, line)
        }
        Command::Keys(action) => return keys::run(action, &config.settings.data_dir).await,
        Command::Audit(arguments) => return audit::run(arguments, &config.settings.data_dir).await,
    };
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    stop_signal().await?;
    tracing::info!("stopping; once more ends at once");
    tokio::select! {
        () = running.stop() => Ok(()),
        again = stop_signal() => Ok(again?),
    }
}

/// Waits for Ctrl-C or, on Unix, SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = term.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
