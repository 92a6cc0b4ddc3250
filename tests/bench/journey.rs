//! One person's way through the app, in Chromium: sign up, rename, avatar, sign out.
//!
//! Fields are filled at once, as a password manager does: it is not the typing that is measured.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Browser, Key, TestBinary, Traffic, photo};

use crate::beside::{Other, TUTORIAL};
use crate::pages::{kb, median};
use crate::report::{Report, figure};

const RUNS: usize = 5;
const PASSWORD: &str = "a long enough secret";

/// What an application calls what is on the way.
pub(crate) struct Words {
    name: &'static str,
    email: &'static str,
    password: &'static str,
    picture: &'static str,
    /// What holds when the chosen picture is the avatar.
    picture_changed: &'static str,
    sign_out: &'static str,
    /// What the page says after it.
    signed_out: &'static str,
}

pub(crate) const OURS: Words = Words {
    name: "Name",
    email: "Email address",
    password: "Password",
    picture: "Add a picture",
    picture_changed: "document.body.textContent.includes('Your picture is changed.')",
    sign_out: "Sign out",
    signed_out: "You are signed out.",
};

pub(crate) const THE_TUTORIALS: Words = Words {
    name: "Type your name",
    email: "Type your email",
    password: "Type your password",
    picture: "Change Avatar",
    picture_changed: "[...document.images].some((image) => image.src.includes('/files/') && image.complete)",
    sign_out: "Sign Out",
    signed_out: "Login to your account",
};

/// Whether the page does what its buttons say: React says it of an element by names of its own.
/// A submit before that would reload the page.
const READY: &str = "
    !document.querySelector('script[src*=\"/_next/\"]')
    || Object.keys(document.querySelector('form') ?? {}).some((key) => key.startsWith('__reactProps'))
";

struct Journey {
    whole: Duration,
    /// From the choice of the photo until the page says that it is the avatar.
    avatar: Duration,
    traffic: Traffic,
}

pub(crate) async fn measure(app: &TestBinary, others: &[Other], report: &mut Report) {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let file = folder.path().join("photo.jpg");
    std::fs::write(&file, photo()).expect("a temporary folder can be written");

    let browser = Browser::open_counting(&app.public_url).await;
    // A service on the internet that draws the tutorial's first avatar.
    browser.block("*://ui-avatars.com/*").await;
    let tutorial = others.iter().find(|other| other.name == TUTORIAL);
    let base = &app.public_url;
    let (mut slow, mut fast, mut fast_beside) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        slow.push(journey(&browser, base, &OURS, &file, true).await);
        fast.push(journey(&browser, base, &OURS, &file, false).await);
        if let Some(other) = tutorial {
            fast_beside.push(journey(&browser, &other.base(), &THE_TUTORIALS, &file, false).await);
        }
    }
    report.add(figure("journey, slow telephone", whole(&slow), "s").at_most(6.0, 4.0));
    report.add(figure("journey, slow telephone: bytes down", median_kb(&slow), "kB").at_most(300.0, 300.0));
    report.add(
        figure(
            "photo of 1 MB, chosen to shown, slow telephone",
            seconds(&slow, |one| one.avatar),
            "s",
        )
        .at_most(2.5, 1.0),
    );
    report.add(
        figure("journey, not throttled", whole(&fast), "s")
            .beside(TUTORIAL, tutorial.map(|_| whole(&fast_beside)))
            .bar(TUTORIAL, 0.688, 1.0)
            .goal(TUTORIAL, 0.688, 0.6),
    );
    browser.close().await;
}

fn whole(journeys: &[Journey]) -> f64 {
    seconds(journeys, |one| one.whole)
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

async fn journey(browser: &Browser, base: &str, words: &Words, photo: &Path, slow: bool) -> Journey {
    browser.forget().await;
    browser.goto("about:blank").await;
    browser.traffic().await;
    if slow {
        browser.slow_down().await;
    }

    let start = Instant::now();
    open_sign_up(browser, base).await;
    sign_up(browser, words).await;

    browser.click("Change name").await;
    browser
        .wait_until("document.activeElement.matches('input')")
        .await;
    browser.paste_here("Ada King").await;
    browser.press(Key::Enter).await;
    see(browser, "Hello, Ada King").await;

    let chosen = Instant::now();
    browser.choose_file(words.picture, photo).await;
    browser.wait_until(words.picture_changed).await;
    let avatar = chosen.elapsed();

    browser.click(words.sign_out).await;
    see(browser, words.signed_out).await;
    let whole = start.elapsed();

    browser.speed_up().await;
    Journey {
        whole,
        avatar,
        traffic: browser.traffic().await,
    }
}

/// Opens the page on which somebody new signs up.
pub(crate) async fn open_sign_up(browser: &Browser, base: &str) {
    browser.goto(&format!("{base}/sign-up")).await;
    browser.see_app().await;
    browser.wait_until(READY).await;
}

/// From there to the profile, as somebody new.
pub(crate) async fn sign_up(browser: &Browser, words: &Words) {
    static PEOPLE: AtomicUsize = AtomicUsize::new(0);
    let number = PEOPLE.fetch_add(1, Ordering::Relaxed);
    // The applications beside ours may know somebody from an earlier run.
    let email = format!("ada{number}.{}@example.com", std::process::id());

    browser.paste(words.name, "Ada Lovelace").await;
    browser.paste(words.email, &email).await;
    browser.paste(words.password, PASSWORD).await;
    browser.press(Key::Enter).await;
    see(browser, "Hello, Ada Lovelace").await;
}

/// Without asking for the layout, which would cost time of the page.
async fn see(browser: &Browser, text: &str) {
    let seen = format!("document.body?.textContent.includes({})", json!(text));
    browser.wait_until(&seen).await;
}
