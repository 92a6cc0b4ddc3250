//! What a page looks like: sizes, colours, pictures, and the rules of accessibility.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::{Browser, target_dir};

/// The accessibility rules of axe-core; `make setup` fetches it.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");

/// Gives a text for each rule that is broken. Nothing is fetched again, which a page's own rules
/// could forbid.
const RUN_AXE: &str = r"
    const place = (node) => `\n  ${node.html} ${node.failureSummary}`;
    const { violations } = await axe.run(document, { preload: false });
    return violations.map((rule) => `${rule.id}: ${rule.help}` + rule.nodes.map(place).join(''));
";

/// Holds the app's start, just before its code would run.
const HOLD: &str = "
    const start = WebAssembly.instantiateStreaming;
    const released = new Promise((release) => { globalThis.releaseApp = () => (release(), true); });
    WebAssembly.instantiateStreaming = async (...code) => {
        await released;
        const program = await start.apply(WebAssembly, code);
        // After what runs at once when it is there.
        setTimeout(() => { globalThis.appHasRun = true; });
        return program;
    };
";

/// Whether the app has taken over from the page that the server rendered, or cannot; true of pages
/// without an app too.
pub(super) const APP_IS_THERE: &str = "
    document.readyState === 'complete'
    && (!document.querySelector('#app')
        || !document.querySelector('script[type=module]')
        || /running|broken/.test(document.documentElement.className))
";

impl Browser {
    /// Gives the page this size, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Asks for the dark or the light colours.
    pub async fn set_dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Shows pages as on paper, or as on the screen.
    pub async fn set_print(&self, print: bool) {
        let media = if print { "print" } else { "" };
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": media }))
            .await;
    }

    /// Shows pages in the few colours that a person has chosen for all.
    pub async fn force_colours(&self) {
        let features = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Switches JavaScript off, from the next page on.
    pub async fn without_scripts(&self) {
        self.app_comes.store(false, Ordering::Relaxed);
        let off = json!({ "value": true });
        self.devtools("Emulation.setScriptExecutionDisabled", off).await;
    }

    /// Runs a script before the scripts of every page from now on.
    pub async fn before_load(&self, script: &str) {
        let script = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    /// Lets no page's app start until [`release_app`](Self::release_app).
    pub async fn hold_app(&self) {
        self.app_comes.store(false, Ordering::Relaxed);
        self.before_load(HOLD).await;
    }

    /// Lets the app of this page start, and waits until it has taken over.
    pub async fn release_app(&self) {
        self.wait_until("globalThis.releaseApp?.() ?? true").await;
        self.wait_until(APP_IS_THERE).await;
        // What the app does when it starts, it does before the browser draws next.
        self.draw().await;
    }

    /// Waits until the page has been drawn with what it knew when this was asked.
    pub async fn draw(&self) {
        let drawn = "const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(done))";
        let waited = self.web.execute_async(drawn, Vec::new()).await;
        waited.unwrap_or_else(|error| panic!("the page is never drawn: {error}"));
    }

    /// Lets no request out to addresses of this pattern.
    pub async fn block(&self, pattern: &str) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": [pattern] }))
            .await;
    }

    /// Lets every request out again.
    pub async fn unblock(&self) {
        self.devtools("Network.setBlockedURLs", json!({ "urls": [] }))
            .await;
    }

    /// Writes the page to `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = target_dir().join("screenshots");
        std::fs::create_dir_all(&folder).expect("the target folder can be written");
        let path = folder.join(format!("{name}.png"));
        let taken = self.web.screenshot(&path).await;
        taken.unwrap_or_else(|error| panic!("no screenshot: {error}"));
        path
    }

    /// By how many CSS pixels the page is wider than its window.
    pub async fn overflow(&self) -> i64 {
        let script = "
            const root = document.documentElement;
            return root.scrollWidth - Math.round(root.getBoundingClientRect().width)";
        self.script(script, json!([])).await.as_i64().unwrap_or_default()
    }

    /// Asserts that axe-core finds nothing wrong, by WCAG 2.2 AA and its own best practices.
    ///
    /// # Panics
    /// With each rule that is broken, and where.
    pub async fn check_accessibility(&self) {
        let axe = std::fs::read_to_string(AXE).expect("`make setup` fetches axe-core");
        let found = self.web.execute(format!("{axe};{RUN_AXE}"), Vec::new()).await;
        let found: Vec<String> = found
            .and_then(|found| found.convert())
            .unwrap_or_else(|error| panic!("axe-core does not run: {error}"));
        let path = self.path().await;
        assert!(found.is_empty(), "on {path}:\n{}", found.join("\n"));
    }

    pub(super) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.web.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}
