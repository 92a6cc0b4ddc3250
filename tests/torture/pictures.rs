//! Pictures that are made to take the memory or the time (T-63).

use std::{
    fs,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::StatusCode;
use support::{TestBinary, bombs, process::memory};
use tokio::time::{interval, timeout};

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// What the program may have at its most, and the helper that decodes, in MB.
const MAX_MEMORY: f64 = 150.0;
/// The longest time for an answer: a helper has ten seconds.
const LONGEST: Duration = Duration::from_secs(25);
/// Users who send the same picture at once.
const USERS: usize = 12;

pub(crate) async fn torture(outcome: &mut Outcome) {
    let bombs = bombs();
    let app = TestBinary::start(&[("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")]).await;
    let mut users = Vec::new();
    for number in 0..USERS {
        let user = app.client();
        user.join("Ada", &format!("ada{number}@example.com"), PASSWORD)
            .await;
        users.push(user);
    }
    let before = memory(app.pid(), "VmRSS:");
    let (mut helper, mut largest) = (0.0, "none");
    let (mut slowest, mut slowest_read) = ((Duration::ZERO, "none"), Duration::ZERO);
    let mut look = interval(Duration::from_millis(5));

    for (name, bomb) in &bombs {
        let start = Instant::now();
        let mut sent = Box::pin(users[0].put_avatar(bomb.clone(), "image/png"));
        let reply = loop {
            tokio::select! {
                reply = &mut sent => break reply,
                _ = look.tick() => {
                    let memory = helpers(app.pid());
                    if memory > helper {
                        (helper, largest) = (memory, name);
                    }
                    let asked = Instant::now();
                    let read = timeout(LONGEST, users[1].profile()).await;
                    let is_served = read.is_ok_and(|reply| reply.status == StatusCode::OK);
                    outcome.require(is_served, format!("others are served during {name}"));
                    slowest_read = slowest_read.max(asked.elapsed());
                }
            }
        };
        slowest = slowest.max((start.elapsed(), name));
        let is_answered = reply.status.as_u16() < 500 && start.elapsed() < LONGEST;
        outcome.require(is_answered, format!("{name} is refused: {}", reply.status));
    }
    let one = memory(app.pid(), "VmHWM:");

    let sent = users
        .iter()
        .map(|user| user.put_avatar(bombs[0].1.clone(), "image/png"));
    let mut sent = Box::pin(join_all(sent));
    let replies = loop {
        tokio::select! {
            replies = &mut sent => break replies,
            _ = look.tick() => helper = f64::max(helper, helpers(app.pid())),
        }
    };
    // A colour profile that cannot be read is left out, and the picture taken.
    let failed = replies
        .iter()
        .filter(|reply| reply.status.is_server_error() && reply.status != StatusCode::SERVICE_UNAVAILABLE);
    outcome.require(failed.count() == 0, "pictures that come together are answered");
    let peak = memory(app.pid(), "VmHWM:");

    outcome.add(format!(
        "{} pictures, the slowest {} ({})",
        bombs.len(),
        seconds(slowest.0),
        slowest.1
    ));
    outcome.add(format!("others read within {}", seconds(slowest_read)));
    outcome.add(format!(
        "memory: {before:.0} MB before, {one:.0} at its most, {peak:.0} with {USERS} at once, \
         helper {helper:.0} ({largest})"
    ));
    outcome.require(helper > 0.0, "the helper's memory can be read");
    outcome.require(
        peak < MAX_MEMORY && helper < MAX_MEMORY,
        format!("each has less than {MAX_MEMORY} MB"),
    );
}

/// The highest memory of the program's children so far, in MB.
fn helpers(pid: u32) -> f64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return 0.0;
    };
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let children: String = children.collect();
    let peaks = children.split_whitespace().filter_map(|child| {
        // It may be gone by now.
        let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1.024 / 1000.0)
    });
    peaks.fold(0.0, f64::max)
}
