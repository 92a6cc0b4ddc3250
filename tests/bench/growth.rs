//! The same requests with a thousand users in the embedded database, and with a million.

use std::fs::File;
use std::mem;
use std::path::Path;
use std::time::Duration;

use sqlx::{Connection as _, Row as _, SqliteConnection};
use support::TestBinary;

use crate::crowd::{self, Person};
use crate::load::{Load, Outcome, Request, Until};
use crate::report::{Report, figure};
use crate::requests::Sender;
use crate::speed::PASSWORD;
use support::process::memory;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
/// How many of the users send requests.
const ASKING: usize = 1_000;
/// All sizes are asked in turn, so often: what the machine does meanwhile meets them all.
const ROUNDS: usize = 10;
/// What they ask in a round, and how often: CPU time comes in steps of 10 ms.
const WHAT: [(&str, usize); 4] = [
    ("sign-in without its hash", 1),
    ("profile", 4),
    ("sessions", 4),
    // Once in all: each round has its own people.
    ("link redemption", 1),
];

/// A server with its users.
struct Installation {
    app: TestBinary,
    size: u32,
    people: Vec<Person>,
}

/// `cheap` starts a binary whose hash costs nothing, with an empty database.
pub(crate) async fn measure(cheap: impl AsyncFn() -> TestBinary, report: &mut Report) {
    let mut installations = Vec::new();
    for size in SIZES {
        installations.push(Installation::with_users(cheap().await, size).await);
    }
    for installation in &installations {
        // Connections and statements are made once.
        installation.ask(0, 3).await;
    }
    let mut outcomes = SIZES.map(|_| WHAT.map(|_| Outcome::default()));
    for round in 0..ROUNDS {
        for (installation, sums) in installations.iter().zip(&mut outcomes) {
            for (sum, outcome) in sums.iter_mut().zip(installation.ask(round, WHAT.len()).await) {
                *sum = mem::take(sum).add(outcome);
            }
        }
    }
    for (installation, sums) in installations.iter().zip(&outcomes) {
        let most = memory(installation.app.pid(), "VmHWM:");
        let what = format!("{} users: memory at its highest", installation.size);
        report.add(figure(what, most, "MB"));
        for (number, outcome) in sums.iter().enumerate() {
            let few = (installation.size != SIZES[0]).then_some(&outcomes[0][number]);
            add_rows(
                report,
                &format!("{} users, {}", installation.size, WHAT[number].0),
                outcome,
                few,
            );
        }
    }
}

/// The rows of one size and one kind of request; `few` is what came of it with the fewest users.
fn add_rows(report: &mut Report, what: &str, outcome: &Outcome, few: Option<&Outcome>) {
    let (median, cpu) = (outcome.percentile_ms(50), outcome.cpu_ms());
    report.add(figure(format!("{what}: median"), median, "ms"));
    report.add(figure(format!("{what}: p99"), outcome.percentile_ms(99), "ms"));
    report.add(figure(format!("{what}: CPU"), cpu, "ms"));
    if let Some(few) = few {
        let times = [
            ("median", median / few.percentile_ms(50)),
            ("CPU", cpu / few.cpu_ms()),
        ];
        for (part, times) in times {
            let what = format!("{what}: {part}, times {} users'", SIZES[0]);
            report.add(figure(what, times, "x").at_most(1.3, 1.1));
        }
    }
}

impl Installation {
    async fn with_users(mut app: TestBinary, size: u32) -> Self {
        app.client().join("Ada", "ada@example.com", PASSWORD).await;
        app.terminate().await;
        let people = fill(&app.data_dir().join("latchkey.db"), size)
            .await
            .expect("the database can be filled");
        assert!(people.len() >= ASKING - 1, "all but Ada can ask");
        app.restart().await;
        Self { app, size, people }
    }

    /// What came of the first `kinds` of requests.
    async fn ask(&self, round: usize, kinds: usize) -> Vec<Outcome> {
        let address = self.app.address();
        let load = Load {
            address: address.clone(),
            pid: self.app.pid(),
            connections: 4,
            until: Until::Sent,
            pause: Duration::ZERO,
        };
        let mut outcomes = Vec::new();
        for (list, (what, times)) in self.requests(&address, round).iter().zip(WHAT).take(kinds) {
            let outcome = load.run(&vec![list.as_slice(); times].concat()).await;
            assert_eq!(outcome.bad, 0, "{what}: every reply is 2xx");
            outcomes.push(outcome);
        }
        outcomes
    }

    /// The requests of a round, a list for each of [`WHAT`].
    fn requests(&self, address: &str, round: usize) -> [Vec<Request>; 4] {
        let nobody = Sender {
            address,
            public_url: &self.app.public_url,
            session: None,
        };
        let redeem = |person: &Person| {
            let form = format!(r#"{{"access_token":"{}","confirmed":true}}"#, person.access_token);
            nobody.send("POST", shared::auth_redirect::PATH, &form)
        };
        let get = |person: &Person, path| {
            let session = Some(person.session.as_str());
            Sender { session, ..nobody }.get(path)
        };
        let everybody = || self.people.iter();
        [
            everybody()
                .map(|person| nobody.sign_in(&person.email, PASSWORD))
                .collect(),
            everybody()
                .map(|person| get(person, shared::profile::PATH))
                .collect(),
            everybody()
                .map(|person| get(person, shared::sessions::PATH))
                .collect(),
            everybody().skip(round).step_by(ROUNDS).map(redeem).collect(),
        ]
    }
}

/// Brings the database to this many users, each with a session and a mail link, and gives some of
/// them.
async fn fill(database: &Path, size: u32) -> sqlx::Result<Vec<Person>> {
    let url = format!("sqlite://{}", database.display());
    let mut db = SqliteConnection::connect(&url).await?;
    crowd::grow(&mut db, size).await?;
    let people = crowd::some(&mut db, ASKING).await?;
    let users: i64 = sqlx::query("SELECT count(*) FROM users")
        .fetch_one(&mut db)
        .await?
        .get(0);
    assert_eq!(users, i64::from(size));
    db.close().await?;
    // Otherwise the server's own first sync writes all of it.
    File::open(database)?.sync_all()?;
    Ok(people)
}
