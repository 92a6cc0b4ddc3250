//! The `latchkey` command: reads the settings, starts the system, and waits for its end.

mod audit;
mod keys;
mod log;

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use backend::{
    Config, HELPER_ARGUMENT, Settings, run_helper,
    settings::{
        Program,
        command_line::{self, Refusal},
        env_file,
    },
    start, start_altogic,
};
use clap::{Parser, Subcommand};
use log::Log;
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
            Self::Keys(_) | Self::Audit(_) => Program::Offline,
        }
    }
}

fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == HELPER_ARGUMENT)
    {
        return run_helper();
    }
    let line = match read_line() {
        Ok(line) => line,
        Err(Refusal::Help(text)) => text.exit(),
        Err(Refusal::Wrong(message)) => return refuse(&message),
    };
    let command = line.command.unwrap_or(Command::Serve);
    let mut config = match line.settings.check_for(command.program()) {
        Ok(config) => config,
        Err(misfit) => return refuse(&misfit.to_string()),
    };
    config.helper = helper();

    let log = Log::to(std::io::stderr());
    tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&config.settings.rust_log))
        .init();
    let ended = run(command, config);
    log.flush();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::say(format_args!("error: {error:#}"));
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
    log::say(format_args!(
        "error: {message}\n\nFor more information, try 'latchkey --help'."
    ));
    ExitCode::from(2)
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
    if command.program() != Program::Offline {
        for opened in config.opened() {
            tracing::warn!("{opened}");
        }
    }
    #[cfg(unix)]
    let _file_size_limit = outlive_the_file_size_limit()?;
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
        Command::Audit(arguments) => return audit::run(arguments, &config.settings.data_dir).await,
    };
    let mut out = std::io::stdout();
    // Whoever started it may not listen.
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "standard output takes nothing");
    }
    signals.next().await?;
    tracing::info!("stopping; once more ends at once");
    tokio::select! {
        () = running.stop() => Ok(()),
        again = signals.next() => Ok(again?),
    }
}

/// Makes a write beyond `RLIMIT_FSIZE` fail as on a full disk, while the value is kept; else the
/// system ends the program.
#[cfg(unix)]
fn outlive_the_file_size_limit() -> std::io::Result<tokio::signal::unix::Signal> {
    use tokio::signal::unix::{SignalKind, signal};

    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))
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
