//! [`TestBinary`]: the release binary as a child process.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{Client, PATIENCE, target_dir};

/// A machine that compiles beside the tests can be very slow to start a program.
const START: Duration = Duration::from_secs(30);

/// The program that is deployed, running on a port and in a folder of its own; it is killed with
/// the value.
pub struct TestBinary {
    /// How browsers reach it; stays the same over a restart.
    pub public_url: String,
    program: PathBuf,
    command: &'static [&'static str],
    env: BTreeMap<String, String>,
    folder: TempDir,
    child: Child,
}

impl TestBinary {
    /// Starts `latchkey` with these settings on top of a port and a folder of its own, and waits
    /// until it is ready.
    pub async fn start(env: &[(&str, &str)]) -> Self {
        Self::start_program(program(), env).await
    }

    /// Starts this build of `latchkey` in the same way.
    pub async fn start_program(program: PathBuf, env: &[(&str, &str)]) -> Self {
        let mut app = Self::launch(program, &[], env, "LISTEN_ADDR", 0).await;
        // A restart takes the same port.
        let address = app.address();
        app.env.insert("LISTEN_ADDR".to_owned(), address);
        app
    }

    /// Starts `latchkey altogic`, the embedded Altogic alone, on this port, for the app at `app_url`.
    pub async fn start_altogic(port: u16, app_url: &str, env: &[(&str, &str)]) -> Self {
        let redirect_url = format!("{app_url}/auth-redirect");
        let env = [&[("REDIRECT_URL", redirect_url.as_str())], env].concat();
        Self::launch(program(), &["altogic"], &env, "EMBEDDED_ADDR", port).await
    }

    async fn launch(
        program: PathBuf,
        command: &'static [&str],
        env: &[(&str, &str)],
        address: &str,
        port: u16,
    ) -> Self {
        let folder = TempDir::new().expect("temporary folders can be made");
        let address = (address.to_owned(), format!("127.0.0.1:{port}"));
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let env = [address].into_iter().chain(env.iter().map(owned)).collect();
        let (child, public_url) = spawn(&program, command, &env, folder.path()).await;
        Self {
            public_url,
            program,
            command,
            env,
            folder,
            child,
        }
    }

    /// A browser without a screen, at this system.
    pub fn client(&self) -> Client {
        Client::new(&self.public_url)
    }

    /// The address that it listens on, without a scheme.
    pub fn address(&self) -> String {
        self.public_url.replace("http://localhost", "127.0.0.1")
    }

    /// The process.
    ///
    /// # Panics
    /// When it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the process is running")
    }

    /// Where it keeps what must last.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `kill -9`: no time to finish anything.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// SIGTERM, and how it ended after that.
    pub async fn terminate(&mut self) -> ExitStatus {
        let kill = format!("kill -s TERM {}", self.pid());
        let sent = Command::new("sh").args(["-c", &kill]).status().await;
        assert!(sent.is_ok_and(|sent| sent.success()), "{kill}");
        self.wait().await
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("it does not stop on SIGTERM:\n{}", self.log()))
            .expect("a child can be waited for")
    }

    /// Starts it again, at the same address and with the same data.
    pub async fn restart(&mut self) {
        (self.child, self.public_url) =
            spawn(&self.program, self.command, &self.env, self.folder.path()).await;
    }
}

/// Where the release binary is: `LATCHKEY_BIN`, else in cargo's target folder.
pub fn program() -> PathBuf {
    let built = || target_dir().join("release/latchkey").into_os_string();
    PathBuf::from(std::env::var_os("LATCHKEY_BIN").unwrap_or_else(built))
}

/// Starts the program, waits until it is ready, and gives the address that it says.
async fn spawn(
    program: &Path,
    command: &[&str],
    env: &BTreeMap<String, String>,
    folder: &Path,
) -> (Child, String) {
    let log = folder.join("log");
    let log_file = File::options().create(true).append(true).open(&log);
    let mut child = Command::new(program)
        .args(command)
        // Without the settings and the .env file of whoever runs the tests.
        .env_clear()
        .envs(env)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log_file.expect("a log file can be made"))
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `make build` makes it", program.display()));

    // It prints one line, and that means it is ready.
    let stdout = child.stdout.take().expect("stdout is a pipe");
    let line = timeout(START, BufReader::new(stdout).lines().next_line()).await;
    let url = match &line {
        Ok(Ok(Some(line))) => line.split_whitespace().find(|word| word.starts_with("http://")),
        _ => None,
    };
    let Some(url) = url else {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        panic!(
            "{} {command:?} does not start: {line:?}\n{log}",
            program.display()
        );
    };
    (child, url.trim_end_matches('/').to_owned())
}

/// A port that is free now, for programs whose address must be known before they start.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("a listener has an address").port()
}
