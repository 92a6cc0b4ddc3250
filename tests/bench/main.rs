//! `make bench`: what `latchkey` weighs and how fast it is, each figure beside its bar and goal.
//!
//! It prints a table and writes the same figures to `target/bench/report.json`. Times move with
//! the machine: compare them within one run, and trust bytes and CPU per request most.
//!
//! `BENCH` names the parts, with commas between: `quick` (size, start, speed, memory), `pages`
//! (page loads and a journey in Chromium), `profile` (the profile in Chromium), `growth` (up to a
//! million users), `soak` (ten minutes), or `all`, the default.
//!
//! `BENCH_BESIDE` names other applications that run on this machine, each with the address of its
//! sign-in page: `tutorial=http://127.0.0.1:4100/sign-in,sveltekit=http://127.0.0.1:4200/sign-in`. They
//! are measured in turn with ours, by the same code, and the bars that are shares of one of these two
//! are then shares of what it needs in this run. Without them, the figures of another machine stand in.
//!
//! `target/bench` holds what `make bench` builds with the feature
//! `bench`: `bare-server`, and a `latchkey` whose hash costs nothing.

mod bare;
mod beside;
mod crowd;
mod growth;
mod journey;
mod load;
mod pages;
mod profile;
mod report;
mod requests;
mod saturated;
mod sizes;
mod soak;
mod speed;
mod start;

use std::env;

use support::{TestBinary, target_dir};

use report::Report;

const PARTS: [&str; 5] = ["quick", "pages", "profile", "growth", "soak"];
/// Nobody is slowed down, and sign-up signs in at once.
const SETTINGS: [(&str, &str); 2] = [("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")];

#[tokio::main]
async fn main() {
    let asked = env::var("BENCH").unwrap_or_default();
    let parts = parts(&asked);
    let others = beside::from_env();
    let mut report = Report::new(others.iter().map(|other| other.name.clone()).collect());

    if parts.contains(&"quick") {
        let mut app = TestBinary::start(&SETTINGS).await;
        sizes::measure(&app, &mut report).await;
        start::measure(&mut app, &mut report).await;
        speed::measure(&app, &others, &mut report).await;
        saturated::measure(&app, &mut report).await;
        speed::measure_without_hash(&cheap().await, &others, &mut report).await;
    }
    if parts.contains(&"pages") {
        let app = TestBinary::start(&SETTINGS).await;
        pages::measure(&app, &others, &mut report).await;
        journey::measure(&app, &others, &mut report).await;
    }
    if parts.contains(&"profile") {
        let app = TestBinary::start(&SETTINGS).await;
        profile::measure(&app, &others, &mut report).await;
    }
    if parts.contains(&"growth") {
        growth::measure(cheap, &mut report).await;
    }
    if parts.contains(&"soak") {
        let app = TestBinary::start(&SETTINGS).await;
        soak::measure(&app, &mut report).await;
    }
    report.write();
}

/// # Panics
/// For a part that there is not.
fn parts(asked: &str) -> Vec<&str> {
    if matches!(asked, "" | "all") {
        return PARTS.to_vec();
    }
    let parts: Vec<&str> = asked.split(',').map(str::trim).collect();
    let unknown = parts.iter().find(|part| !PARTS.contains(part));
    assert!(unknown.is_none(), "BENCH: {unknown:?} is none of {PARTS:?}");
    parts
}

/// The build whose hash costs nothing.
async fn cheap() -> TestBinary {
    TestBinary::start_program(target_dir().join("bench/latchkey"), &SETTINGS).await
}
