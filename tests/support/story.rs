//! [`story`] and [`story_in_process`]: one browser test, from a fresh system to a last look into
//! the console.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use backend::Settings;
use tokio::runtime::Runtime;

use crate::{Browser, Client, TestApp, TestBinary};

/// What a story is told over.
pub trait System {
    /// How browsers reach it.
    fn public_url(&self) -> String;
    /// What explains a failure.
    fn log(&self) -> String;
}

impl System for TestBinary {
    fn public_url(&self) -> String {
        self.public_url.clone()
    }

    fn log(&self) -> String {
        Self::log(self)
    }
}

impl System for TestApp {
    fn public_url(&self) -> String {
        self.url("").as_str().trim_end_matches('/').to_owned()
    }

    fn log(&self) -> String {
        String::new()
    }
}

/// Where a story happens.
pub struct Stage<S = TestBinary> {
    /// The system.
    pub app: S,
    name: &'static str,
    browsers: Vec<Arc<Browser>>,
}

impl<S: System> Stage<S> {
    /// Another browser, which knows nothing of the others.
    pub async fn open_browser(&mut self) -> Arc<Browser> {
        let browser = Browser::open(&self.app.public_url()).await;
        self.enter(browser)
    }

    /// Another browser, which keeps no cookies.
    pub async fn open_browser_without_cookies(&mut self) -> Arc<Browser> {
        let browser = Browser::open_without_cookies(&self.app.public_url()).await;
        self.enter(browser)
    }

    fn enter(&mut self, browser: Browser) -> Arc<Browser> {
        let browser = Arc::new(browser);
        self.browsers.push(Arc::clone(&browser));
        browser
    }

    /// For what a person does outside of the browser, such as reading mail.
    pub fn client(&self) -> Client {
        Client::new(&self.app.public_url())
    }

    async fn end_well(&self) {
        for browser in &self.browsers {
            browser.check_console().await;
        }
    }

    /// Leaves behind what explains a failure.
    async fn end_badly(&self) {
        for (number, browser) in self.browsers.iter().enumerate() {
            let picture = browser
                .screenshot(&format!("failed-{}-{number}", self.name))
                .await;
            eprintln!("browser {number}: {}", picture.display());
            eprintln!("{}", browser.console_text().await);
        }
        eprintln!("the system's log:\n{}", self.app.log());
    }
}

/// Tells a story over a system that has the settings `env`. It fails when `tell` panics, or when
/// a browser's console shows an error that the story did not allow.
pub fn story(name: &'static str, env: &[(&str, &str)], tell: impl AsyncFnOnce(&mut Stage)) {
    run(name, TestBinary::start(env), tell);
}

/// As [`story`], over a system in this process, whose clock can be moved.
pub fn story_in_process(
    name: &'static str,
    change: impl FnOnce(&mut Settings),
    tell: impl AsyncFnOnce(&mut Stage<TestApp>),
) {
    run(name, TestApp::spawn_with(change), tell);
}

fn run<S: System>(name: &'static str, app: impl Future<Output = S>, tell: impl AsyncFnOnce(&mut Stage<S>)) {
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut stage = runtime.block_on(async {
        Stage {
            app: app.await,
            name,
            browsers: Vec::new(),
        }
    });

    let told = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            tell(&mut stage).await;
            stage.end_well().await;
        });
    }));
    runtime.block_on(async {
        if told.is_err() {
            stage.end_badly().await;
        }
        for browser in &stage.browsers {
            browser.close().await;
        }
    });
    if let Err(panic) = told {
        resume_unwind(panic);
    }
}
