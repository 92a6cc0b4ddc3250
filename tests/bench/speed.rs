//! CPU per request, ours divided by a bare server's, sign-in with and without its hash, and the
//! memory that all of it took.

use std::time::Duration;

use support::TestBinary;

use crate::bare::Bare;
use crate::beside::{Other, SVELTEKIT, TUTORIAL};
use crate::load::{Load, Outcome, Request, Until};
use crate::report::{Report, figure};
use crate::requests::Sender;
use support::process::{listening, memory};

/// Short, and more than once: what else runs on the machine then meets both servers.
const ROUNDS: usize = 10;
const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(500);

const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "a long enough secret";

/// A server under load.
#[derive(Clone)]
struct Server {
    address: String,
    pid: u32,
}

impl Server {
    async fn run(&self, length: Duration, requests: &[Request]) -> Outcome {
        Load::full(self.address.clone(), self.pid, length)
            .run(requests)
            .await
    }
}

impl From<&Other> for Server {
    fn from(other: &Other) -> Self {
        Self {
            address: other.address(),
            pid: listening(other.port()),
        }
    }
}

pub(crate) async fn measure(app: &TestBinary, others: &[Other], report: &mut Report) {
    let client = app.client();
    client.join("Ada", EMAIL, PASSWORD).await;
    let session = client
        .cookie("session_token")
        .expect("whoever joined is signed in");
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let bare = Bare::start(&client, folder.path()).await;
    let address = app.address();
    let sender = |session| Sender {
        address: &address,
        public_url: &app.public_url,
        session,
    };

    let ours = Server {
        address: app.address(),
        pid: app.pid(),
    };
    let plain = Server {
        address: bare.address.clone(),
        pid: bare.pid(),
    };

    let page = sender(None).get("/");
    let mut servers = vec![ours.clone(), plain.clone()];
    servers.extend(others.iter().map(Server::from));
    let outcomes = compare(&servers, page).await;
    let row = |what, unit, value: fn(&Outcome) -> f64| {
        let figure = figure(what, value(&outcomes[0]), unit);
        others
            .iter()
            .zip(&outcomes[2..])
            .fold(figure, |figure, (other, outcome)| {
                figure.beside(&other.name, Some(value(outcome)))
            })
    };
    report.add(
        row("/: CPU per request", "ms", Outcome::cpu_ms)
            .bar(TUTORIAL, 0.15, 0.2)
            .bar(SVELTEKIT, 0.055, 0.5)
            .goal(TUTORIAL, 0.15, 0.1)
            .goal(SVELTEKIT, 0.055, 0.25),
    );
    let times_bare = outcomes[0].cpu_ms() / outcomes[1].cpu_ms();
    report.add(figure("/: CPU, times a bare axum's", times_bare, "x").at_most(1.2, 1.2));
    report.add(row("/: requests per second", "1/s", Outcome::per_second));

    let profile = sender(Some(&session)).get(shared::profile::PATH);
    let outcomes = compare(&[ours.clone(), plain], profile).await;
    report.add(figure("profile: CPU per request", outcomes[0].cpu_ms(), "ms").at_most(0.3, 0.12));
    let times_bare = outcomes[0].cpu_ms() / outcomes[1].cpu_ms();
    report.add(figure("profile: CPU, times a bare axum's", times_bare, "x").at_most(3.0, 3.0));
    report.add(figure(
        "profile: requests per second",
        outcomes[0].per_second(),
        "1/s",
    ));

    let sign_in = sender(None).sign_in(EMAIL, PASSWORD);
    let ours = ours.run(ROUND * 6, &[sign_in]).await;
    report.add(figure("sign-in: per second, hash included", ours.per_second(), "1/s").at_least(29.0, 58.0));
    report.add(figure("sign-in: CPU, hash included", ours.cpu_ms(), "ms"));
    assert_eq!(ours.bad, 0, "32 sign-ins at once fit into the queue");
    report.add(
        figure("memory at its most", memory(app.pid(), "VmHWM:"), "MB")
            .at_most(80.0 + hashes_mb(), 48.0 + hashes_mb()),
    );
}

/// Sign-in over a binary whose hash costs nothing, beside the tutorial's application over an Altogic
/// that hashes nothing.
pub(crate) async fn measure_without_hash(cheap: &TestBinary, others: &[Other], report: &mut Report) {
    cheap.client().join("Ada", EMAIL, PASSWORD).await;
    let address = cheap.address();
    let sender = Sender {
        address: &address,
        public_url: &cheap.public_url,
        session: None,
    };
    let ours = Server {
        address: address.clone(),
        pid: cheap.pid(),
    };
    let ours = compare(&[ours], sender.sign_in(EMAIL, PASSWORD)).await;
    let mut row = figure("sign-in: CPU beyond the hash", ours[0].cpu_ms(), "ms");
    if let Some(other) = others.iter().find(|other| other.name == TUTORIAL) {
        row = row.beside(TUTORIAL, Some(the_tutorials_sign_in(other).await));
    }
    report.add(row.bar(TUTORIAL, 0.32, 0.7).goal(TUTORIAL, 0.32, 0.3));
}

/// CPU time of a sign-in, in ms. Its pages send their JSON as text.
async fn the_tutorials_sign_in(other: &Other) -> f64 {
    let server = Server::from(other);
    let base = other.base();
    let sender = Sender {
        address: &server.address,
        public_url: &base,
        session: None,
    };
    let post = |path, form: &str| sender.send_as("text/plain", "POST", path, form);
    let sign_up = post(
        "/api/auth/signUp",
        &format!(r#"{{"name":"Ada","email":"{EMAIL}","password":"{PASSWORD}"}}"#),
    );
    let join = Load {
        address: server.address.clone(),
        pid: server.pid,
        connections: 1,
        until: Until::Sent,
        pause: Duration::ZERO,
    };
    // In a second run she is there already.
    join.run(&[sign_up]).await;
    let sign_in = post(
        "/api/auth/signIn",
        &format!(r#"{{"email":"{EMAIL}","password":"{PASSWORD}"}}"#),
    );
    compare(std::slice::from_ref(&server), sign_in).await[0].cpu_ms()
}

/// The memory of the hashes that can be in flight: 19 MiB on each core.
fn hashes_mb() -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    19.0 * 1.048_576 * f64::from(u32::try_from(cores).unwrap_or(u32::MAX))
}

/// The same request to each of them, in turn.
async fn compare(servers: &[Server], request: Request) -> Vec<Outcome> {
    let requests = [request];
    for server in servers {
        server.run(WARM_UP, &requests).await;
    }
    let mut outcomes: Vec<Outcome> = servers.iter().map(|_| Outcome::default()).collect();
    for _ in 0..ROUNDS {
        for (server, outcome) in servers.iter().zip(&mut outcomes) {
            *outcome = std::mem::take(outcome).add(server.run(ROUND, &requests).await);
        }
    }
    assert!(
        outcomes.iter().all(|outcome| outcome.bad == 0),
        "every reply is 200"
    );
    outcomes
}
