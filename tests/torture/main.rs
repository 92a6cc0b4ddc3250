//! `make torture`: the program, treated badly on purpose, on loopback only and in under 15 minutes.
//!
//! It prints one line of figures for each part, and ends with 1 when a requirement is missed; what
//! was missed stands below the line. `TORTURE` names the parts, with commas between; unset means all.
//! `LATCHKEY_BIN` names the program.

mod database_locked;
mod full_disk;
mod keeping_proxy;
mod kills;
mod mails;
mod outcome;
mod pictures;
mod restarts;
mod sockets;

use std::{
    env,
    panic::AssertUnwindSafe,
    process::ExitCode,
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::time::timeout;

use outcome::Outcome;

const PASSWORD: &str = "correct horse battery";
/// No part may take longer.
const LONGEST: Duration = Duration::from_mins(6);

type Part = for<'a> fn(&'a mut Outcome) -> LocalBoxFuture<'a, ()>;

const PARTS: [(&str, Part); 7] = [
    ("kills", |outcome| kills::torture(outcome).boxed_local()),
    ("disk", |outcome| full_disk::torture(outcome).boxed_local()),
    ("locked", |outcome| {
        database_locked::torture(outcome).boxed_local()
    }),
    ("sockets", |outcome| sockets::torture(outcome).boxed_local()),
    ("pictures", |outcome| pictures::torture(outcome).boxed_local()),
    ("restarts", |outcome| restarts::torture(outcome).boxed_local()),
    ("mails", |outcome| mails::torture(outcome).boxed_local()),
];

#[tokio::main]
async fn main() -> ExitCode {
    let asked = env::var("TORTURE").unwrap_or_default();
    let asked: Vec<&str> = asked
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let names = PARTS.map(|(name, _)| name);
    if let Some(unknown) = asked.iter().find(|name| !names.contains(name)) {
        eprintln!("TORTURE: {unknown} is none of {names:?}");
        return ExitCode::from(2);
    }
    println!("{}", support::program().display());

    let mut all_met = true;
    for (name, part) in PARTS {
        if !asked.is_empty() && !asked.contains(&name) {
            continue;
        }
        let start = Instant::now();
        let mut outcome = Outcome::default();
        // A panic ends one part, not all; its words are on standard error by then.
        let ended = AssertUnwindSafe(timeout(LONGEST, part(&mut outcome)))
            .catch_unwind()
            .await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(_)) => outcome.require(false, format!("it ends within {LONGEST:?}")),
            Err(_) => outcome.require(false, "it comes to its end"),
        }
        all_met &= outcome.print(name, start.elapsed());
    }
    if all_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
