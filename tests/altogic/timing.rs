//! T-29: how long an answer takes does not tell whether an address has an account. What is compared
//! are the two distributions of interleaved requests, not times.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server};

const ADDRESSES: usize = 20;
const ROUNDS: usize = 400;
/// Below this, chance does not explain the difference. Three comparisons of sound builds fail once
/// in some three thousand runs.
const SIGNIFICANT: f64 = 1e-4;

async fn make_accounts(server: &Server) {
    for n in 0..ADDRESSES {
        let body = json!({
            "email": format!("known{n}@x.io"), "password": PASSWORD, "nameOrUserData": { "emailVerified": true },
        });
        let request = server.request(Method::POST, "auth/signup-email");
        let made = Reply::of(
            request
                .header("Authorization", "an-api-key-of-the-tests")
                .json(&body),
        )
        .await;
        assert!(!made.body["session"].is_null(), "{}", made.body);
    }
}

/// The two-sided p of the Mann-Whitney test, by its normal approximation.
fn p_value(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort();
    let ranks: f64 = (1..)
        .map(f64::from)
        .zip(&all)
        .filter(|(_, (_, is_one))| *is_one)
        .map(|(rank, _)| rank)
        .sum();
    let count = |times: &[Duration]| f64::from(u32::try_from(times.len()).unwrap());
    let (n, m) = (count(one), count(other));
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
    two_sided(z.abs())
}

/// Twice the upper tail of the normal distribution (Abramowitz and Stegun, 7.1.26).
fn two_sided(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [
        0.254_829_592,
        -0.284_496_736,
        1.421_413_741,
        -1.453_152_027,
        1.061_405_429,
    ];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    sum * (-x * x).exp()
}

#[test]
fn the_test_tells_what_differs_from_what_does_not() {
    let times = |offset: u64| -> Vec<Duration> {
        (0..400)
            .map(|n| Duration::from_micros(n * 7919 % 1000 + offset))
            .collect()
    };

    assert!(p_value(&times(0), &times(0)) > 0.5);
    assert!(p_value(&times(0), &times(200)) < SIGNIFICANT);
    assert!((two_sided(1.96) - 0.05).abs() < 0.001);
}

#[tokio::test]
async fn asking_for_a_mail_takes_as_long_for_an_unknown_address_as_for_a_known_one() {
    let server = Server::start().await;
    make_accounts(&server).await;

    for path in ["auth/send-magic", "auth/send-reset", "auth/resend"] {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            // Each kind goes first as often as the other.
            for turn in 0..2 {
                let kind = (round + turn) % 2;
                let name = ["known", "nobody"][kind];
                let email = format!("{name}{}@x.io", round * 7 % ADDRESSES);
                let began = Instant::now();
                let reply = server.post_empty(&format!("{path}?email={email}"), None).await;
                times[kind].push(began.elapsed());
                assert_eq!(reply.status, 200);
            }
        }
        let p = p_value(&times[0], &times[1]);
        assert!(p > SIGNIFICANT, "{path}: p = {p:e}");
    }
}
