//! The profile on a slow telephone: from the navigation until a signed-in person can change the name,
//! with nothing in the cache.

use serde_json::json;
use support::{Browser, TestBinary};

use crate::beside::{Other, SVELTEKIT, TUTORIAL};
use crate::journey::{OURS, THE_TUTORIALS, Words, open_sign_up, sign_up};
use crate::pages::{median, settled};
use crate::report::{Report, figure};

const RUNS: usize = 7;
const USABLE: &str = include_str!("usable.js");

/// Somebody signed in to an application.
struct Visitor<'a> {
    name: &'a str,
    base: String,
    words: &'static Words,
    times: Vec<f64>,
}

pub(crate) async fn measure(app: &TestBinary, others: &[Other], report: &mut Report) {
    let browser = Browser::open_counting(&app.public_url).await;
    let mut visitors = vec![Visitor {
        name: "",
        base: app.public_url.clone(),
        words: &OURS,
        times: Vec::new(),
    }];
    visitors.extend(others.iter().filter_map(|other| {
        let words = match other.name.as_str() {
            TUTORIAL => &THE_TUTORIALS,
            SVELTEKIT => &OURS,
            _ => return None,
        };
        Some(Visitor {
            name: &other.name,
            base: other.base(),
            words,
            times: Vec::new(),
        })
    }));
    for visitor in &visitors {
        open_sign_up(&browser, &visitor.base).await;
        // Svelte empties the fields when it takes the page over, and does not tell when that is.
        settled(&browser).await;
        sign_up(&browser, visitor.words).await;
    }
    for _ in 0..RUNS {
        for visitor in &mut visitors {
            browser.new_tab().await;
            settled(&browser).await;
            browser.forget_files().await;
            browser.before_load(USABLE).await;
            browser.slow_down().await;
            browser.goto(&format!("{}/profile", visitor.base)).await;
            browser.wait_until("window.benchUsable").await;
            let time = browser.script("return benchUsable", json!([])).await;
            visitor.times.extend(time.as_f64());
        }
    }
    browser.close().await;

    let mut medians = visitors
        .into_iter()
        .map(|visitor| (visitor.name, median(visitor.times)));
    let ours = medians.next().and_then(|(_, ours)| ours);
    let figure = figure(
        "profile usable, slow telephone, cold",
        ours.unwrap_or(f64::NAN),
        "ms",
    );
    report.add(
        medians
            .fold(figure, |figure, (name, time)| figure.beside(name, time))
            .bar(TUTORIAL, 1288.0, 1.0)
            .goal(SVELTEKIT, 646.0, 1.0),
    );
}
