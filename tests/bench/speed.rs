//! CPU per request, ours divided by a bare server's, sign-in with and without its hash, and the
//! memory that all of it took.

use std::time::Duration;

use support::TestBinary;

use crate::bare::Bare;
use crate::load::{Load, Outcome, Request};
use crate::process::memory;
use crate::report::{Report, figure};
use crate::requests::Sender;

/// Short, and more than once: what else runs on the machine then meets both servers.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(500);

const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "a long enough secret";

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
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

    let page = sender(None).get("/");
    let (ours, plain) = compare(app, &bare, page).await;
    report.add(figure("/: CPU per request", ours.cpu_ms(), "ms").at_most(0.0275, 0.0138));
    report.add(figure("/: CPU, times a bare axum's", ours.cpu_ms() / plain.cpu_ms(), "x").at_most(1.2, 1.2));
    report.add(figure("/: requests per second", ours.per_second(), "1/s"));

    let profile = sender(Some(&session)).get(shared::profile::PATH);
    let (ours, plain) = compare(app, &bare, profile).await;
    report.add(figure("profile: CPU per request", ours.cpu_ms(), "ms").at_most(0.3, 0.12));
    report.add(
        figure(
            "profile: CPU, times a bare axum's",
            ours.cpu_ms() / plain.cpu_ms(),
            "x",
        )
        .at_most(3.0, 3.0),
    );
    report.add(figure("profile: requests per second", ours.per_second(), "1/s"));

    let sign_in = sender(None).sign_in(EMAIL, PASSWORD);
    let ours = Load::full(address.clone(), app.pid(), ROUND * 3)
        .run(&[sign_in])
        .await;
    report.add(figure("sign-in: per second, hash included", ours.per_second(), "1/s").at_least(29.0, 58.0));
    report.add(figure("sign-in: CPU, hash included", ours.cpu_ms(), "ms"));
    assert_eq!(ours.bad, 0, "32 sign-ins at once fit into the queue");
    report.add(
        figure("memory at its most", memory(app.pid(), "VmHWM:"), "MB")
            .at_most(80.0 + hashes_mb(), 48.0 + hashes_mb()),
    );
}

/// Sign-in over a binary whose hash costs nothing.
pub(crate) async fn measure_without_hash(cheap: &TestBinary, report: &mut Report) {
    cheap.client().join("Ada", EMAIL, PASSWORD).await;
    let address = cheap.address();
    let sender = Sender {
        address: &address,
        public_url: &cheap.public_url,
        session: None,
    };
    let sign_in = sender.sign_in(EMAIL, PASSWORD);
    let ours = Load::full(address.clone(), cheap.pid(), ROUND)
        .run(&[sign_in])
        .await;
    report.add(figure("sign-in: CPU beyond the hash", ours.cpu_ms(), "ms").at_most(0.224, 0.096));
}

/// The memory of the hashes that can be in flight: 19 MiB on each core.
fn hashes_mb() -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    19.0 * 1.048_576 * f64::from(u32::try_from(cores).unwrap_or(u32::MAX))
}

async fn compare(app: &TestBinary, bare: &Bare, request: Request) -> (Outcome, Outcome) {
    let requests = [request];
    let (mut ours, mut plain) = (Outcome::default(), Outcome::default());
    Load::full(app.address(), app.pid(), WARM_UP).run(&requests).await;
    Load::full(bare.address.clone(), bare.pid(), WARM_UP)
        .run(&requests)
        .await;
    for _ in 0..ROUNDS {
        ours = ours.add(Load::full(app.address(), app.pid(), ROUND).run(&requests).await);
        plain = plain.add(
            Load::full(bare.address.clone(), bare.pid(), ROUND)
                .run(&requests)
                .await,
        );
    }
    assert_eq!((ours.bad, plain.bad), (0, 0), "every reply is 200");
    (ours, plain)
}
