//! One person's way through the app, in Chromium: sign up, rename, avatar, sign out.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Browser, Key, TestBinary, Traffic, photo};

use crate::pages::{kb, median};
use crate::report::{Report, figure};

const RUNS: usize = 5;
const PASSWORD: &str = "a long enough secret";

struct Journey {
    whole: Duration,
    /// From the choice of the photo until the page says that it is the avatar.
    avatar: Duration,
    traffic: Traffic,
}

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let file = folder.path().join("photo.jpg");
    std::fs::write(&file, photo()).expect("a temporary folder can be written");

    let slow = journeys(app, &file, true).await;
    let fast = journeys(app, &file, false).await;
    report.add(figure("journey, slow telephone", seconds(&slow, |one| one.whole), "s").at_most(6.0, 4.0));
    report.add(figure("journey, slow telephone: bytes down", median_kb(&slow), "kB").at_most(300.0, 300.0));
    report.add(
        figure(
            "photo of 1 MB, chosen to shown, slow telephone",
            seconds(&slow, |one| one.avatar),
            "s",
        )
        .at_most(2.5, 1.0),
    );
    report.add(figure("journey, not throttled", seconds(&fast, |one| one.whole), "s").at_most(0.688, 0.413));
    report.add(
        figure(
            "profile usable, slow telephone, cold",
            profile_usable(app).await,
            "ms",
        )
        .at_most(1288.0, 646.0),
    );
}

fn seconds(journeys: &[Journey], part: fn(&Journey) -> Duration) -> f64 {
    median(
        journeys
            .iter()
            .map(|journey| part(journey).as_secs_f64())
            .collect(),
    )
    .unwrap_or(f64::NAN)
}

fn median_kb(journeys: &[Journey]) -> f64 {
    median(journeys.iter().map(|journey| kb(journey.traffic.bytes)).collect()).unwrap_or(f64::NAN)
}

async fn journeys(app: &TestBinary, photo: &Path, slow: bool) -> Vec<Journey> {
    let browser = Browser::open_counting(&app.public_url).await;
    let mut journeys = Vec::new();
    for run in 0..RUNS {
        browser.forget().await;
        browser.goto("about:blank").await;
        browser.traffic().await;
        if slow {
            browser.slow_down().await;
        }
        journeys.push(journey(&browser, photo, &format!("ada{run}.{slow}@example.com")).await);
        browser.speed_up().await;
    }
    browser.close().await;
    journeys
}

async fn journey(browser: &Browser, photo: &Path, email: &str) -> Journey {
    let start = Instant::now();
    browser.goto("/sign-up").await;
    browser.see_app().await;
    browser.fill("Name", "Ada Lovelace").await;
    browser.fill("Email address", email).await;
    browser.fill("Password", PASSWORD).await;
    browser.press(Key::Enter).await;
    browser.see("Hello, Ada Lovelace").await;

    browser.click("Change name").await;
    browser.fill("Name", "Ada King").await;
    browser.press(Key::Enter).await;
    browser.see("Hello, Ada King").await;

    let chosen = Instant::now();
    browser.choose_file("Add a picture", photo).await;
    browser.see_late("Your picture is changed.").await;
    let avatar = chosen.elapsed();

    browser.click("Sign out").await;
    browser.see("You are signed out.").await;
    Journey {
        whole: start.elapsed(),
        avatar,
        traffic: browser.traffic().await,
    }
}

/// From the navigation until a signed-in person can act on the profile, with nothing in the cache.
async fn profile_usable(app: &TestBinary) -> f64 {
    let browser = Browser::open_counting(&app.public_url).await;
    browser.goto("/sign-up").await;
    browser.see_app().await;
    browser.fill("Name", "Ada Lovelace").await;
    browser.fill("Email address", "profile@example.com").await;
    browser.fill("Password", PASSWORD).await;
    browser.press(Key::Enter).await;
    browser.see("Hello, Ada Lovelace").await;
    let script = "(() => {
        const timer = setInterval(() => {
            if (!document.querySelector('main')?.textContent.includes('Hello, Ada')) return;
            window.benchUsable = performance.now();
            clearInterval(timer);
        }, 10);
    })();";
    browser.before_every_page(script).await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        browser.goto("about:blank").await;
        browser.forget_files().await;
        browser.slow_down().await;
        browser.goto("/profile").await;
        browser.wait_until("window.benchUsable").await;
        times.extend(browser.script("return benchUsable", json!([])).await.as_f64());
        browser.speed_up().await;
    }
    browser.close().await;
    median(times).unwrap_or(f64::NAN)
}
