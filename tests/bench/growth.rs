//! The same requests with a thousand users in the embedded database, and with a million.

use std::path::Path;

use sqlx::{Connection as _, Row as _, SqliteConnection};
use support::TestBinary;

use crate::crowd::{self, Person};
use crate::load::{Load, Outcome, Request, Until};
use crate::report::{Report, figure};
use crate::requests::Sender;
use crate::speed::PASSWORD;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
/// How many of the users send requests.
const ASKING: u32 = 1_000;
/// What they ask, and how often: CPU time comes in steps of 10 ms, and a link works once.
const WHAT: [(&str, usize); 4] = [
    ("sign-in without its hash", 5),
    ("profile", 20),
    ("sessions", 20),
    ("link redemption", 1),
];

/// `cheap` is a binary whose hash costs nothing, with an empty database.
pub(crate) async fn measure(mut cheap: TestBinary, report: &mut Report) {
    cheap.client().join("Ada", "ada@example.com", PASSWORD).await;
    let mut few: Vec<Outcome> = Vec::new();
    for size in SIZES {
        cheap.terminate().await;
        let people = fill(&cheap.data_dir().join("latchkey.db"), size)
            .await
            .expect("the database can be filled");
        cheap.restart().await;
        let outcomes = ask(&cheap, &people).await;
        for (number, ((what, _), outcome)) in WHAT.iter().zip(&outcomes).enumerate() {
            assert_eq!(outcome.bad, 0, "{what}: every reply is 2xx");
            let name = |part: &str| format!("{size} users, {what}: {part}");
            report.add(figure(name("median"), outcome.percentile_ms(50), "ms"));
            report.add(figure(name("p99"), outcome.percentile_ms(99), "ms"));
            if let Some(few) = few.get(number) {
                let (median, cpu) = (
                    outcome.percentile_ms(50) / few.percentile_ms(50),
                    outcome.cpu_ms() / few.cpu_ms(),
                );
                report.add(figure(name("median, times 1000 users'"), median, "x").at_most(1.3, 1.1));
                report.add(figure(name("CPU, times 1000 users'"), cpu, "x").at_most(1.3, 1.1));
            }
        }
        if few.is_empty() {
            few = outcomes;
        }
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
    Ok(people)
}

async fn ask(app: &TestBinary, people: &[Person]) -> Vec<Outcome> {
    let address = app.address();
    let nobody = Sender {
        address: &address,
        public_url: &app.public_url,
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
    let lists: [Vec<Request>; 4] = [
        people
            .iter()
            .map(|person| nobody.sign_in(&person.email, PASSWORD))
            .collect(),
        people
            .iter()
            .map(|person| get(person, shared::profile::PATH))
            .collect(),
        people
            .iter()
            .map(|person| get(person, shared::sessions::PATH))
            .collect(),
        people.iter().map(redeem).collect(),
    ];
    let load = Load {
        address: address.clone(),
        pid: app.pid(),
        connections: 4,
        until: Until::Sent,
        pause: std::time::Duration::ZERO,
    };
    // Connections and statements are made once.
    for list in &lists[..3] {
        load.run(&list[..list.len() / 2]).await;
    }
    let mut outcomes = Vec::new();
    for (list, (_, times)) in lists.iter().zip(WHAT) {
        let list = vec![list.as_slice(); times].concat();
        outcomes.push(load.run(&list).await);
    }
    outcomes
}
