//! `kill -9` while people sign up, open their links and change their passwords (T-86).

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use shared::{auth_redirect, change_password, sign_in, sign_up};
use sqlx::{Connection as _, SqliteConnection};
use support::{Client, Mail, TestBinary, problems};
use tokio::time::sleep;

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

const KILLS: u64 = 100;
/// People who sign up at the same moment.
const AT_ONCE: usize = 3;
/// People of earlier rounds who do nothing but change their passwords.
const REGULARS: usize = 3;
/// It is killed in the middle of their work: after so many acknowledgements at the least, and up to
/// so many more; and at the latest after this time.
const LEAST: u64 = 3;
const MORE: u64 = 9;
const LATEST: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Not,
    Unanswered,
    Acknowledged,
}

/// What one person has done, and what of it was acknowledged.
struct Person {
    client: Client,
    email: String,
    /// Has lived through a kill; what was acknowledged before is counted already.
    is_regular: bool,
    is_signed_up: bool,
    access_token: Option<String>,
    redeemed: Asked,
    /// The newest first; all but the first were replaced, and that was acknowledged.
    passwords: Vec<String>,
    /// A change that was not answered.
    next_password: Option<String>,
    surprises: Vec<String>,
    /// How much was acknowledged since the last kill, to all people together.
    acknowledged: Arc<AtomicU64>,
}

/// What was acknowledged, and what of it was not kept.
#[derive(Default)]
struct Tally {
    sign_ups: usize,
    redeemed: usize,
    changes: usize,
    unanswered: usize,
    broken: Vec<String>,
}

pub(crate) async fn torture(outcome: &mut Outcome) {
    let mut app = TestBinary::start(&[("RATE_LIMITS", "off")]).await;
    let (mut kills, mut tally) = (0, Tally::default());
    let mut slowest = Duration::ZERO;
    let (mut verified, mut regulars) = (HashSet::new(), Vec::<Person>::new());
    let database = app.data_dir().join("latchkey.db");
    let acknowledged = Arc::new(AtomicU64::new(0));
    while kills < KILLS {
        acknowledged.store(0, Ordering::Relaxed);
        let living = (0..AT_ONCE).map(|number| {
            let prefix = format!("person{kills}-{number}");
            tokio::spawn(live_until_killed(
                app.public_url.clone(),
                prefix,
                Arc::clone(&acknowledged),
            ))
        });
        let living: Vec<_> = living
            .chain(
                regulars
                    .drain(..)
                    .map(|person| tokio::spawn(person.change_until_killed())),
            )
            .collect();
        let begun = Instant::now();
        let enough = LEAST + kills % MORE;
        while acknowledged.load(Ordering::Relaxed) < enough && begun.elapsed() < LATEST {
            sleep(Duration::from_millis(1)).await;
        }
        // The next ones are at different steps by then.
        sleep(Duration::from_millis(kills * 7 % 40)).await;
        app.kill().await;
        kills += 1;
        let mut people = Vec::new();
        for person in living {
            people.extend(person.await.expect("a person does not panic"));
        }

        match problems(&database).await {
            Ok(found) => tally.broken.extend(found),
            Err(error) => tally.broken.push(format!("the database: {error}")),
        }
        let start = Instant::now();
        app.restart().await;
        slowest = slowest.max(start.elapsed());
        let checks = people.into_iter().map(|person| check(&app, person));
        for (checked, person) in join_all(checks).await {
            tally.add(checked);
            verified.extend(person.iter().map(|person| person.email.clone()));
            regulars.extend(person);
        }
        // Those who have lived longest.
        regulars.sort_by_key(|person| !person.is_regular);
        regulars.truncate(REGULARS);
    }
    app.kill().await;

    let kept = users(&database).await.expect("the database can be read");
    let lost = verified.difference(&kept).count();
    outcome.add(format!("{kills} kills, integrity_check after each"));
    outcome.add(format!(
        "acknowledged: {} sign-ups, {} links, {} password changes; unanswered: {}",
        tally.sign_ups, tally.redeemed, tally.changes, tally.unanswered
    ));
    outcome.add(format!("lost or broken: {}", tally.broken.len() + lost));
    outcome.add(format!("slowest start {}", seconds(slowest)));
    outcome.require(lost == 0, format!("all accounts are there: {lost} are not"));
    outcome.require(
        tally.sign_ups >= 100 && tally.changes >= 50,
        "there was something to lose",
    );
    for broken in tally.broken.iter().take(20) {
        outcome.require(false, broken);
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.sign_ups += other.sign_ups;
        self.redeemed += other.redeemed;
        self.changes += other.changes;
        self.unanswered += other.unanswered;
        self.broken.extend(other.broken);
    }
}

/// One person after the other, until the system is gone.
async fn live_until_killed(public_url: String, prefix: String, acknowledged: Arc<AtomicU64>) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0.. {
        let mut person = Person {
            client: Client::new(&public_url),
            email: format!("{prefix}-{number}@example.com"),
            is_regular: false,
            is_signed_up: false,
            access_token: None,
            redeemed: Asked::Not,
            passwords: vec![PASSWORD.to_owned()],
            next_password: None,
            surprises: Vec::new(),
            acknowledged: Arc::clone(&acknowledged),
        };
        let lived = person.live().await;
        people.push(person);
        if lived.is_none() {
            break;
        }
    }
    people
}

impl Person {
    /// `None` when the system is gone.
    async fn live(&mut self) -> Option<()> {
        let form = sign_up::Form {
            name: "Person".to_owned(),
            email: self.email.clone(),
            password: PASSWORD.to_owned(),
        };
        self.is_signed_up = self.ask(sign_up::PATH, &form).await? == StatusCode::ACCEPTED;
        self.access_token = Some(self.open_link().await?);
        self.redeemed = Asked::Unanswered;
        let form = auth_redirect::Form {
            access_token: self.access_token.clone()?,
            confirmed: true,
            ..auth_redirect::Form::default()
        };
        if self.ask(auth_redirect::PATH, &form).await? == StatusCode::OK {
            self.redeemed = Asked::Acknowledged;
        }
        self.change_password().await
    }

    async fn change_password(&mut self) -> Option<()> {
        let current = self.passwords[0].clone();
        let (_, number) = current.rsplit_once('-').unwrap_or((&current, "0"));
        let number: usize = number.parse().unwrap_or_default();
        let next = format!("{PASSWORD} -{}", number + 1);
        self.next_password = Some(next.clone());
        let form = change_password::Form {
            current_password: current,
            new_password: next.clone(),
        };
        if self.ask(change_password::PATH, &form).await?.is_success() {
            self.passwords.insert(0, next);
        }
        self.next_password = None;
        Some(())
    }

    /// Signs in and changes the password again and again, until the system is gone.
    async fn change_until_killed(mut self) -> Vec<Self> {
        let form = sign_in::Form {
            email: self.email.clone(),
            password: self.passwords[0].clone(),
        };
        if self.ask(sign_in::PATH, &form).await.is_some() {
            while self.change_password().await.is_some() {}
        }
        vec![self]
    }

    async fn ask(&mut self, path: &str, form: &impl Serialize) -> Option<StatusCode> {
        let status = self
            .answer(self.client.request(Method::POST, path).json(form))
            .await?;
        if status.is_success() {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        } else {
            self.surprises.push(format!("{path} of {}: {status}", self.email));
        }
        Some(status)
    }

    async fn answer(&self, request: RequestBuilder) -> Option<StatusCode> {
        Some(request.send().await.ok()?.status())
    }

    /// The access token that the link of the mail leads to.
    async fn open_link(&self) -> Option<String> {
        let outbox = self.client.request(Method::GET, "/outbox.json");
        let mails = outbox.query(&[("to", &self.email)]).send().await.ok()?;
        let mails: Vec<Mail> = mails.json().await.ok()?;
        let opened = self.client.http.get(mails.first()?.link()).send().await.ok()?;
        let target = opened.headers().get("location")?.to_str().ok()?;
        let target = self.client.url(target);
        let mut pairs = target.query_pairs();
        let (_, token) = pairs.find(|(key, _)| key == "access_token")?;
        Some(token.into_owned())
    }
}

/// Whether what was acknowledged is there, and no link is redeemed twice. Gives the person whose
/// account must be there from now on.
async fn check(app: &TestBinary, mut person: Person) -> (Tally, Option<Person>) {
    let mut tally = Tally {
        broken: std::mem::take(&mut person.surprises),
        ..Tally::default()
    };
    if !person.is_signed_up {
        tally.unanswered += 1;
        return (tally, None);
    }
    tally.sign_ups += usize::from(!person.is_regular);
    tally.changes += person.passwords.len() - 1;
    let unanswered = person.redeemed == Asked::Unanswered || person.next_password.is_some();
    tally.unanswered += usize::from(unanswered);

    let email = person.email.clone();
    let access_token = match person.access_token.take() {
        Some(access_token) => Some(access_token),
        None => person.open_link().await,
    };
    let Some(access_token) = access_token else {
        tally.broken.push(format!("{email} has lost the link"));
        return (tally, None);
    };
    let mut redeemed = usize::from(person.redeemed == Asked::Acknowledged);
    tally.redeemed += usize::from(!person.is_regular) * redeemed;
    for _ in 0..2 {
        let reply = person.client.auth_redirect(&access_token, true).await;
        redeemed += usize::from(reply.status == StatusCode::OK);
    }
    // What was not answered may have happened.
    let least = usize::from(person.redeemed != Asked::Unanswered);
    if !(least..=1).contains(&redeemed) {
        tally
            .broken
            .push(format!("{email} redeemed the link {redeemed} times"));
    }

    let mut valid = Vec::new();
    let current = [person.next_password.as_ref(), person.passwords.first()];
    for password in current.into_iter().flatten() {
        let signed_in = app.client().sign_in(&email, password).await.status;
        valid.extend((signed_in == StatusCode::OK).then(|| password.clone()));
    }
    if let Some(former) = person.passwords.get(1)
        && app.client().sign_in(&email, former).await.status == StatusCode::OK
    {
        tally
            .broken
            .push(format!("{email} has the former password again"));
    }
    if valid.len() != 1 {
        tally
            .broken
            .push(format!("{email} has {} passwords", valid.len()));
        return (tally, None);
    }
    let person = Person {
        is_regular: true,
        access_token: Some(access_token),
        redeemed: Asked::Acknowledged,
        passwords: valid,
        next_password: None,
        ..person
    };
    (tally, Some(person))
}

/// The addresses of all accounts.
async fn users(database: &std::path::Path) -> sqlx::Result<HashSet<String>> {
    let url = format!("sqlite://{}", database.display());
    let mut connection = SqliteConnection::connect(&url).await?;
    let users = sqlx::query_scalar("SELECT email FROM users")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    Ok(users.into_iter().collect())
}
