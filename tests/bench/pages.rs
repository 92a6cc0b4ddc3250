//! Page loads in Chromium as on a slow telephone: bytes, paint, and when a submit gets through.
//!
//! Any address can be measured beside ours, by what every page has: a form with an address field.

use serde_json::{Value, json};
use support::{Browser, TestBinary, Traffic};

use crate::beside::{Other, SVELTEKIT, TUTORIAL};
use crate::report::{Figure, Report, figure};

/// Single loads scatter by some 50 ms; bars of 1.1 times another application ask for more than a few.
const COLD_RUNS: usize = 15;
const WARM_RUNS: usize = 7;
const PAINT: &str = include_str!("paint.js");
const SUBMIT: &str = include_str!("submit.js");

/// The page whose loads are compared.
const PAGE: &str = "/sign-in";

/// What was seen of one page, with nothing in the cache (`cold`) and with all of its files.
#[derive(Default)]
struct Loads {
    url: String,
    cold: Seen,
    warm: Seen,
}

/// A value for each load; times in ms since the navigation.
#[derive(Default)]
struct Seen {
    traffic: Vec<Traffic>,
    paint: Vec<Value>,
    /// When a submit first led to a POST without a script.
    native: Vec<f64>,
    /// When a submit first led to a request of a script.
    handled: Vec<f64>,
}

impl Seen {
    fn kb(&self) -> Option<f64> {
        median(self.traffic.iter().map(|traffic| kb(traffic.bytes)).collect())
    }

    fn requests(&self) -> Option<f64> {
        median(
            self.traffic
                .iter()
                .map(|traffic| f64::from(traffic.requests))
                .collect(),
        )
    }

    fn paint(&self, name: &str) -> Option<f64> {
        median(
            self.paint
                .iter()
                .filter_map(|paint| paint[name].as_f64())
                .collect(),
        )
    }

    fn native(&self) -> Option<f64> {
        median(self.native.clone())
    }

    fn handled(&self) -> Option<f64> {
        median(self.handled.clone())
    }

    /// When a submit first reached the server.
    fn reaches(&self) -> Option<f64> {
        [self.native(), self.handled()]
            .into_iter()
            .flatten()
            .reduce(f64::min)
    }
}

pub(crate) async fn measure(app: &TestBinary, others: &[Other], report: &mut Report) {
    let browser = Browser::open_counting(&app.public_url).await;
    let ours = format!("{}{PAGE}", app.public_url);
    let others_urls = others.iter().map(|other| other.sign_in.to_string());
    let mut pages: Vec<Loads> = std::iter::once(ours)
        .chain(others_urls)
        .map(|url| Loads {
            url,
            ..Loads::default()
        })
        .collect();
    for run in 0..COLD_RUNS {
        for page in &mut pages {
            load(&browser, &page.url, false, &mut page.cold).await;
            if run < WARM_RUNS {
                load(&browser, &page.url, true, &mut page.warm).await;
            }
        }
    }
    browser.new_tab().await;

    let row = |what: &str, unit, value: fn(&Loads) -> Option<f64>| -> Figure {
        let ours = value(&pages[0]).unwrap_or(f64::NAN);
        others
            .iter()
            .zip(&pages[1..])
            .fold(figure(what, ours, unit), |figure, (other, loads)| {
                figure.beside(&other.name, value(loads))
            })
    };
    report.add(row("sign-in page, cold: bytes, all", "kB", |page| page.cold.kb()).at_most(150.0, 100.0));
    report.add(row("sign-in page, cold: requests", "", |page| {
        page.cold.requests()
    }));
    report.add(row("sign-in page, warm: bytes, all", "kB", |page| page.warm.kb()));
    report.add(
        row("first paint, cold", "ms", |page| page.cold.paint("fcp"))
            .bar(TUTORIAL, 424.0, 1.0)
            .bar(SVELTEKIT, 328.0, 1.1)
            .goal(TUTORIAL, 424.0, 0.8)
            .goal(SVELTEKIT, 328.0, 0.9),
    );
    report.add(row("largest paint, cold", "ms", |page| page.cold.paint("lcp")));
    report.add(row("layout shift, cold", "", |page| page.cold.paint("cls")).at_most(0.0, 0.0));
    report.add(row("first paint, warm", "ms", |page| page.warm.paint("fcp")));
    report.add(
        row("a submit works without a script, cold", "ms", |page| {
            page.cold.native()
        })
        .bar(SVELTEKIT, 285.0, 1.1)
        .goal(SVELTEKIT, 285.0, 1.0),
    );
    report.add(
        row("submit reaches the server, cold", "ms", |page| {
            page.cold.reaches()
        })
        .bar(TUTORIAL, 1098.0, 1.0)
        .goal(TUTORIAL, 1098.0, 0.5),
    );
    report.add(
        row("submit reaches the server, warm", "ms", |page| {
            page.warm.reaches()
        })
        .bar(TUTORIAL, 514.0, 0.9)
        .goal(TUTORIAL, 514.0, 0.5),
    );
    report.add(
        row("the app takes a submit, cold", "ms", |page| page.cold.handled())
            .bar(TUTORIAL, 1124.0, 1.0)
            .goal(SVELTEKIT, 666.0, 1.0),
    );
    report.add(row("the app takes a submit, warm", "ms", |page| {
        page.warm.handled()
    }));

    let next = next_page(&browser).await;
    report.add(figure("second page: bytes", kb(next.bytes), "kB").at_most(0.0, 0.0));
    browser.close().await;
}

/// Loads the page twice: once to look, and once to submit, which changes the page.
async fn load(browser: &Browser, url: &str, warm: bool, seen: &mut Seen) {
    open(browser, url, warm, PAINT).await;
    browser
        .wait_until("document.readyState === 'complete' && benchPaint.lcp")
        .await;
    seen.traffic.push(settled(browser).await);
    seen.paint
        .push(browser.script("return benchPaint", json!([])).await);

    open(browser, url, warm, SUBMIT).await;
    browser
        .wait_until("benchSubmit.handled || performance.now() > 8000")
        .await;
    let submit = browser.script("return benchSubmit", json!([])).await;
    seen.native.extend(submit["native"].as_f64());
    seen.handled.extend(submit["handled"].as_f64());
}

/// Opens the page from elsewhere, with all of its files in the cache or with none; `script` runs
/// before its own.
async fn open(browser: &Browser, url: &str, warm: bool, script: &str) {
    browser.new_tab().await;
    browser.forget().await;
    if warm {
        browser.goto(url).await;
        settled(browser).await;
        browser.new_tab().await;
    }
    // A tab is there for a moment before somebody goes anywhere, and Chromium gets ready.
    settled(browser).await;
    browser.before_load(script).await;
    browser.slow_down().await;
    browser.goto(url).await;
}

/// What travelled until nothing more came for a while.
pub(crate) async fn settled(browser: &Browser) -> Traffic {
    let mut all = Traffic::default();
    let mut quiet = 0;
    while quiet < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let traffic = browser.traffic().await;
        quiet = if traffic.requests == 0 { quiet + 1 } else { 0 };
        all.requests += traffic.requests;
        all.bytes += traffic.bytes;
    }
    all
}

/// What the next page costs in an app that is there.
async fn next_page(browser: &Browser) -> Traffic {
    browser.goto(PAGE).await;
    browser.see_app().await;
    settled(browser).await;
    browser.click("Sign up").await;
    browser.arrive("/sign-up").await;
    settled(browser).await
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[expect(clippy::cast_precision_loss, reason = "no page is that large")]
pub(crate) fn kb(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
