//! Sessions and links in any order: two people, an attacker who reads no mail of theirs, and a model
//! that says who may open what (T-08, T-28, T-30, T-34, T-42, T-45).
//!
//! The steps are drawn at random, the same ones each time; those that fail are made as few as
//! possible and printed. `PROPTEST_CASES=500` draws that many new runs.

mod checks;
mod links;
mod openings;
mod steps;
mod world;

use proptest::collection::vec;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use world::World;

/// Runs without `PROPTEST_CASES`; each takes a second or two of a debug build.
const RUNS: u32 = 20;
const STEPS: std::ops::Range<usize> = 6..24;

#[test]
fn whatever_is_done_in_whatever_order_accounts_stay_with_the_readers_of_their_mail() {
    let is_short = std::env::var_os("PROPTEST_CASES").is_none();
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    if is_short {
        config.cases = RUNS;
        config.rng_seed = RngSeed::Fixed(2026);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();

    let outcome = TestRunner::new(config).run(
        &(openings::any(), vec(steps::any(), STEPS)),
        |(opening, steps)| {
            runtime.block_on(async {
                let mut world = World::new().await;
                for step in opening.iter().chain(&steps) {
                    world.play(step).await;
                    if step.asks_for_mail() {
                        world.read_mail(None).await;
                    }
                    world.check_sessions().await;
                }
                world.strangers_stay_out().await;
                world.owners_get_in().await;
            });
            Ok(())
        },
    );

    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
