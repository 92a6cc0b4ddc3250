//! The `latchkey` command: reads the settings, starts the system, and waits for its end.

mod keys;

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use backend::{Config, HELPER_ARGUMENT, Settings, run_helper, start, start_altogic};
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
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
}

fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == HELPER_ARGUMENT)
    {
        return run_helper();
    }
    // A missing file is the usual case; one that cannot be read as settings must not be ignored.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        eprintln!("error: .env: {error}");
        return ExitCode::from(2);
    }
    let line = Line::parse();
    let mut config = line
        .settings
        .check()
        .unwrap_or_else(|misfit| Line::command().error(ErrorKind::ValueValidation, misfit).exit());
    config.helper = helper();

    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .init();
    match run(line.command.unwrap_or(Command::Serve), config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// This program, as the system finds it again, even after an update has replaced its file.
fn helper() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        Some(running)
    } else {
        std::env::current_exe().ok()
    }
}

#[tokio::main]
async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    // Before the program says that it is ready: without a handler a signal would kill it.
    let mut signals = Signals::new()?;
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
    };
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    signals.next().await?;
    tracing::info!("stopping; once more ends at once");
    tokio::select! {
        () = running.stop() => Ok(()),
        again = signals.next() => Ok(again?),
    }
}

/// The signals to stop: Ctrl-C and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                term: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    async fn next(&mut self) -> std::io::Result<()> {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => Ok(()),
                _ = self.term.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    }
}
