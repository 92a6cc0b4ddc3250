//! [`Browser`]: a headless Chromium, used by what a person sees: labels, buttons, texts.

mod console;
mod driver;
mod look;
mod traffic;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use thirtyfour::{Key, TypingData, WebDriver, WebElement};

use crate::eventually;
use console::Console;
use driver::Driver;
use look::APP_IS_THERE;
pub use traffic::Traffic;

/// What finds an element by its role and its accessible name.
const FIND: &str = include_str!("find.js");

/// Looks whether something holds, for as long as a page that is being replaced may be asked.
const WAIT: &str = "new Promise((done) => {
    const start = performance.now();
    const look = () => {
        let holds = false;
        try { holds = !!(EXPRESSION); } catch {}
        if (holds || performance.now() > start + 1000) done(holds);
        else setTimeout(look, 5);
    };
    look();
})";

/// One Chromium with a profile of its own. Every method waits until what it needs is there.
pub struct Browser {
    base: String,
    web: WebDriver,
    console: Console,
    app_comes: AtomicBool,
    // Dropped after the session.
    _driver: Driver,
}

impl Browser {
    /// Opens a browser that has never been anywhere; paths are on `base`.
    pub async fn open(base: &str) -> Self {
        let driver = Driver::start().await;
        let web = driver.session().await;
        Self::over(base, web, driver)
    }

    /// The same, and it keeps no cookies.
    pub async fn open_without_cookies(base: &str) -> Self {
        let driver = Driver::start().await;
        let web = driver.cookieless_session().await;
        Self::over(base, web, driver)
    }

    fn over(base: &str, web: WebDriver, driver: Driver) -> Self {
        Self {
            base: base.to_owned(),
            web,
            console: Console::default(),
            app_comes: AtomicBool::new(true),
            _driver: driver,
        }
    }

    /// Goes to a path of the system, or to a whole address.
    pub async fn goto(&self, path: &str) {
        let url = if path.starts_with('/') {
            format!("{}{path}", self.base)
        } else {
            path.to_owned()
        };
        let gone = self.web.goto(&url).await;
        gone.unwrap_or_else(|error| panic!("{url}: {error}"));
        self.await_app().await;
    }

    /// Waits for the app, unless it is held or cannot come: what a story finds on the page before
    /// is replaced.
    async fn await_app(&self) {
        if self.app_comes.load(Ordering::Relaxed) {
            self.see_app().await;
        }
    }

    /// Waits until the app has taken the page over.
    pub async fn see_app(&self) {
        self.wait_until(APP_IS_THERE).await;
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.web.refresh().await.expect("a page can be loaded again");
        self.await_app().await;
    }

    /// Goes one page back.
    pub async fn back(&self) {
        self.web.back().await.expect("the history goes on");
    }

    /// Replaces what is in the field of this label, key by key.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.find("field", label).await;
        self.press_in(&field, Key::Control + "a").await;
        self.press_in(&field, Key::Delete).await;
        self.press_in(&field, text).await;
    }

    /// Puts this text in the place of what is in the field of this label, all at once, as a password
    /// manager does.
    pub async fn paste(&self, label: &str, text: &str) {
        let script =
            format!("{FIND}; const field = find('field', arguments[0]); field?.focus(); return !!field");
        let focused = eventually(async || (self.script(&script, json!([label])).await == true).then_some(()));
        if focused.await.is_none() {
            self.give_up(&format!("finds no field named {label:?}")).await;
        }
        self.paste_here(text).await;
    }

    /// The same in the field that has the focus.
    pub async fn paste_here(&self, text: &str) {
        self.script("document.activeElement.select()", json!([])).await;
        self.devtools("Input.insertText", json!({ "text": text })).await;
    }

    /// What is in the field of this label.
    pub async fn value(&self, label: &str) -> String {
        let field = self.find("field", label).await;
        let value = field.prop("value").await.expect("a field can be read");
        value.unwrap_or_default()
    }

    /// Gives a file to the file input of this label.
    pub async fn choose_file(&self, label: &str, path: &Path) {
        let input = self.find("file", label).await;
        let path = path.to_str().expect("the test's path is UTF-8");
        self.press_in(&input, path).await;
    }

    /// Clicks the button or link that has this name.
    pub async fn click(&self, name: &str) {
        // Between finding and clicking the page may draw it anew.
        let clicked = eventually(async || {
            let target = self.look_for("target", name).await?;
            target.click().await.ok()
        });
        if clicked.await.is_none() {
            self.give_up(&format!("cannot click {name:?}")).await;
        }
    }

    /// Presses keys in whatever has the focus.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        let focused = self.web.active_element().await;
        self.press_in(&focused.expect("something has the focus"), keys)
            .await;
    }

    async fn press_in(&self, element: &WebElement, keys: impl Into<TypingData>) {
        let pressed = element.send_keys(keys).await;
        pressed.unwrap_or_else(|error| panic!("cannot type: {error}"));
    }

    /// Waits until this text is on the page, spaces and line breaks aside.
    pub async fn see(&self, text: &str) {
        let seen = eventually(async || self.text().await.contains(text).then_some(()));
        if seen.await.is_none() {
            self.give_up(&format!("cannot see {text:?}")).await;
        }
    }

    /// Waits for a text as [`Browser::see`] does, six times as long: for what a slow network delays.
    pub async fn see_late(&self, text: &str) {
        for _ in 0..5 {
            let seen = eventually(async || self.text().await.contains(text).then_some(()));
            if seen.await.is_some() {
                return;
            }
        }
        self.see(text).await;
    }

    /// Waits until this text is no longer on the page.
    pub async fn see_no(&self, text: &str) {
        let gone = eventually(async || (!self.text().await.contains(text)).then_some(()));
        if gone.await.is_none() {
            self.give_up(&format!("still sees {text:?}")).await;
        }
    }

    /// Waits until the address bar shows this path, with its query.
    pub async fn arrive(&self, path: &str) {
        let arrived = eventually(async || (self.path().await == path).then_some(()));
        if arrived.await.is_none() {
            self.give_up(&format!("did not arrive at {path}")).await;
        }
    }

    /// Waits until a script's expression is true.
    pub async fn wait_until(&self, expression: &str) {
        // The page looks by itself: a question from here takes longer than what is waited for.
        let wait = json!({
            "expression": WAIT.replace("EXPRESSION", expression),
            "awaitPromise": true,
            "returnByValue": true,
        });
        let holds = eventually(async || {
            let answer = self.web.cdp().send_raw("Runtime.evaluate", wait.clone()).await;
            // A page that is just being replaced gives no answer.
            (answer.ok()?["result"]["value"] == true).then_some(())
        });
        if holds.await.is_none() {
            self.give_up(&format!("not so: {expression}")).await;
        }
    }

    /// The visible text of the page, with single spaces.
    pub async fn text(&self) -> String {
        let script = "return (document.body?.innerText ?? '').replace(/\\s+/g, ' ')";
        let text = self.script(script, json!([])).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The path and query in the address bar.
    pub async fn path(&self) -> String {
        let url = self.web.current_url().await.expect("there is an address");
        let query = url.query().map(|query| format!("?{query}"));
        format!("{}{}", url.path(), query.unwrap_or_default())
    }

    /// The title of the page.
    pub async fn title(&self) -> String {
        self.web.title().await.expect("a page has a title")
    }

    /// The accessible name of what has the focus; of a heading, its text.
    pub async fn focused(&self) -> String {
        let script = format!("{FIND}; return name(document.activeElement)");
        let name = self.script(&script, json!([])).await;
        name.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script and gives what it returns; `null` where the page was just being replaced.
    pub async fn script(&self, script: &str, arguments: Value) -> Value {
        let Value::Array(arguments) = arguments else {
            panic!("arguments are an array");
        };
        match self.web.execute(script, arguments).await {
            Ok(answer) => answer.json().clone(),
            Err(_) => Value::Null,
        }
    }

    /// Allows a reply that the console will report as an error: its status, on this path.
    pub fn allow(&self, status: u16, path: &str) {
        self.console.allow(status, path);
    }

    /// Allows errors in the console that contain this text.
    pub fn allow_text(&self, text: &str) {
        self.console.allow_text(text);
    }

    /// Asserts that the console has shown no error (reports of the content security policy are
    /// errors too) but those that were allowed.
    pub async fn check_console(&self) {
        let entries = self.web.browser_log().await;
        self.console
            .check(&entries.expect("Chromium keeps a console log"));
    }

    /// What the console has shown since the last look, a line for each entry.
    pub(crate) async fn console_text(&self) -> String {
        let entries = self.web.browser_log().await.unwrap_or_default();
        let lines = entries
            .iter()
            .map(|entry| format!("{} {}\n", entry.level, entry.message));
        lines.collect()
    }

    /// Closes it.
    pub async fn close(&self) {
        self.web.clone().quit().await.expect("a browser can be closed");
    }

    /// `kind`: `target` (button or link), `field`, or `file`.
    async fn find(&self, kind: &str, name: &str) -> WebElement {
        match eventually(async || self.look_for(kind, name).await).await {
            Some(element) => element,
            None => self.give_up(&format!("finds no {kind} named {name:?}")).await,
        }
    }

    async fn look_for(&self, kind: &str, name: &str) -> Option<WebElement> {
        let script = format!("{FIND}; return find(arguments[0], arguments[1])");
        let found = self.web.execute(script, vec![json!(kind), json!(name)]).await;
        found.ok()?.element().ok()
    }

    async fn give_up(&self, why: &str) -> ! {
        let (path, text) = (self.path().await, self.text().await);
        panic!("the browser {why} on {path}:\n{text}");
    }
}
