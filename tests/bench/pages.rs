//! Page loads in Chromium as on a slow telephone: bytes, paint, and when a submit gets through.
//!
//! Any address can be measured beside ours, by what every page has: a form with an address field.

use serde_json::{Value, json};
use support::{Browser, TestBinary, Traffic};

use crate::report::{Report, figure};

const RUNS: usize = 5;
const PAINT: &str = include_str!("paint.js");
const SUBMIT: &str = include_str!("submit.js");

/// The page whose loads are compared.
const PAGE: &str = "/sign-in";

/// The figures of one page, each a median; times in ms since the navigation.
struct Figures {
    traffic: Traffic,
    fcp: f64,
    lcp: f64,
    cls: f64,
    /// When a submit first led to a POST without a script.
    native: Option<f64>,
    /// When a submit first led to a request of a script.
    handled: Option<f64>,
}

impl Figures {
    fn kb(&self) -> f64 {
        kb(self.traffic.bytes)
    }

    /// When a submit first reached the server.
    fn reaches(&self) -> Option<f64> {
        [self.native, self.handled].into_iter().flatten().reduce(f64::min)
    }
}

/// `beside`: the base address of another application with a page of the same path.
pub(crate) async fn measure(app: &TestBinary, beside: Option<&str>, report: &mut Report) {
    let browser = Browser::open_counting(&app.public_url).await;
    let (cold, warm) = loads(&browser).await;
    let other = match beside {
        Some(base) => {
            let browser = Browser::open_counting(base).await;
            let loads = loads(&browser).await;
            browser.close().await;
            Some(loads)
        }
        None => None,
    };
    let of_cold = |figure: fn(&Figures) -> f64| other.as_ref().map(|(cold, _)| figure(cold));
    let of_warm = |figure: fn(&Figures) -> f64| other.as_ref().map(|(_, warm)| figure(warm));
    let reaches = |figures: &Figures| figures.reaches().unwrap_or(f64::NAN);

    report.add(figure("sign-in page, cold: bytes, all", cold.kb(), "kB").at_most(150.0, 100.0));
    report.add(figure(
        "sign-in page, cold: requests",
        f64::from(cold.traffic.requests),
        "",
    ));
    report.add(figure("sign-in page, warm: bytes, all", warm.kb(), "kB"));
    // The marks without another application beside are those of the one in PERFORMANCE's table.
    report.add(figure("first paint, cold", cold.fcp, "ms").beside(of_cold(|page| page.fcp), 424.0, 1.0, 0.8));
    report.add(figure("largest paint, cold", cold.lcp, "ms"));
    report.add(figure("layout shift, cold", cold.cls, "").at_most(0.0, 0.0));
    report.add(figure("first paint, warm", warm.fcp, "ms"));
    report.add(
        figure("submit reaches the server, cold", reaches(&cold), "ms").beside(
            of_cold(reaches),
            1098.0,
            1.0,
            0.5,
        ),
    );
    report.add(
        figure("submit reaches the server, warm", reaches(&warm), "ms").beside(
            of_warm(reaches),
            514.0,
            0.9,
            0.5,
        ),
    );
    report.add_if(cold.handled, |time| {
        figure("the app takes a submit, cold", time, "ms").at_most(1124.0, 666.0)
    });
    report.add_if(warm.handled, |time| {
        figure("the app takes a submit, warm", time, "ms")
    });

    let next = next_page(&browser).await;
    report.add(figure("second page: bytes", kb(next.bytes), "kB").at_most(0.0, 0.0));
    browser.close().await;
}

/// Cold and warm.
async fn loads(browser: &Browser) -> (Figures, Figures) {
    (load(browser, false).await, load(browser, true).await)
}

async fn load(browser: &Browser, warm: bool) -> Figures {
    let (mut paints, mut traffics) = (Vec::new(), Vec::new());
    let (mut native, mut handled) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let script = browser.before_every_page(PAINT).await;
        open(browser, warm).await;
        browser
            .wait_until("document.readyState === 'complete' && benchPaint.lcp")
            .await;
        traffics.push(settled(browser).await);
        paints.push(browser.script("return benchPaint", json!([])).await);
        browser.no_longer_before_every_page(&script).await;

        // On a load of its own: submitting changes the page.
        let script = browser.before_every_page(SUBMIT).await;
        open(browser, warm).await;
        browser
            .wait_until("benchSubmit.handled || performance.now() > 8000")
            .await;
        let seen = browser.script("return benchSubmit", json!([])).await;
        native.extend(seen["native"].as_f64());
        handled.extend(seen["handled"].as_f64());
        browser.no_longer_before_every_page(&script).await;
    }
    browser.speed_up().await;
    let paint = |name: &str| {
        median(
            paints
                .iter()
                .filter_map(|paint: &Value| paint[name].as_f64())
                .collect(),
        )
    };
    traffics.sort_by_key(|traffic: &Traffic| traffic.bytes);
    Figures {
        traffic: traffics[RUNS / 2],
        fcp: paint("fcp").unwrap_or(f64::NAN),
        lcp: paint("lcp").unwrap_or(f64::NAN),
        cls: paint("cls").unwrap_or(f64::NAN),
        native: median(native),
        handled: median(handled),
    }
}

/// Opens the page, with all of its files in the cache or with none.
async fn open(browser: &Browser, warm: bool) {
    browser.speed_up().await;
    browser.forget().await;
    if warm {
        browser.goto(PAGE).await;
        settled(browser).await;
    }
    browser.goto("about:blank").await;
    browser.traffic().await;
    browser.slow_down().await;
    browser.goto(PAGE).await;
}

/// What travelled until nothing more came for a while.
async fn settled(browser: &Browser) -> Traffic {
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
