//! The `User-Agent` header → browser, system and device, in the shape of PROTOCOL 2.2.

use serde::Serialize;

/// What a browser says it is. Unknown numbers are `"0"`, unknown names `"Other"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UserAgent {
    #[serde(flatten)]
    browser: Named,
    device: Named,
    os: Named,
}

/// A name with a version of up to three parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    family: String,
    major: String,
    minor: String,
    patch: String,
}

impl UserAgent {
    /// Reads the header; never fails.
    pub(crate) fn parse(header: &str) -> Self {
        let os = os(header);
        Self {
            browser: browser(header, &os.family),
            device: device(header, &os.family),
            os,
        }
    }

    /// Browser and system, for example `Firefox on Windows`. Only names of this file, whatever the
    /// header says.
    pub(crate) fn label(&self) -> String {
        format!("{} on {}", self.browser.family, self.os.family)
    }
}

impl Named {
    fn new(family: &str, version: &str) -> Self {
        let mut parts = version.split(['.', '_']).map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).take(9).collect();
            if digits.is_empty() { "0".to_owned() } else { digits }
        });
        let mut part = || parts.next().unwrap_or_else(|| "0".to_owned());
        Self {
            family: family.to_owned(),
            major: part(),
            minor: part(),
            patch: part(),
        }
    }

    fn unversioned(family: &str) -> Self {
        Self::new(family, "")
    }
}

/// Products in the order in which they must be looked for: most browsers also name the ones they
/// descend from. The second name is the one that a phone's edition gets.
const BROWSERS: [(&str, &str, &str); 16] = [
    ("EdgiOS/", "Edge", "Edge"),
    ("EdgA/", "Edge", "Edge"),
    ("Edg/", "Edge", "Edge"),
    ("Edge/", "Edge", "Edge"),
    ("OPR/", "Opera", "Opera Mobile"),
    ("OPiOS/", "Opera", "Opera Mobile"),
    ("SamsungBrowser/", "Samsung Internet", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi", "Vivaldi"),
    ("FxiOS/", "Firefox", "Firefox"),
    ("Firefox/", "Firefox", "Firefox Mobile"),
    ("CriOS/", "Chrome", "Chrome Mobile"),
    ("HeadlessChrome/", "Chrome", "Chrome"),
    ("Chrome/", "Chrome", "Chrome Mobile"),
    ("curl/", "curl", "curl"),
    ("node-fetch/", "node", "node"),
    ("undici/", "node", "node"),
];

fn browser(header: &str, os: &str) -> Named {
    let mobile = header.contains("Mobile") || matches!(os, "iOS" | "Android");
    for (token, desktop_name, mobile_name) in BROWSERS {
        if let Some(version) = after(header, token) {
            return Named::new(if mobile { mobile_name } else { desktop_name }, version);
        }
    }
    if header.contains("Safari/") && header.contains("AppleWebKit/") {
        let name = if mobile { "Mobile Safari" } else { "Safari" };
        return Named::new(name, after(header, "Version/").unwrap_or_default());
    }
    if header == "node" || header.starts_with("node/") || header.starts_with("Node.js/") {
        return Named::new("node", header.split_once('/').map_or("", |(_, version)| version));
    }
    Named::unversioned("Other")
}

fn os(header: &str) -> Named {
    if let Some(version) = after(header, "Windows NT ") {
        return Named::new("Windows", version);
    }
    // iOS before "Mac OS X": its header ends with "like Mac OS X".
    for token in ["CPU iPhone OS ", "CPU OS "] {
        if let Some(version) = after(header, token) {
            return Named::new("iOS", version);
        }
    }
    if let Some(version) = after(header, "Android ") {
        return Named::new("Android", version);
    }
    if header.contains("Android") {
        return Named::unversioned("Android");
    }
    if let Some(version) = after(header, "Mac OS X ") {
        return Named::new("Mac OS X", version);
    }
    if let Some((_, rest)) = header.split_once("CrOS ") {
        return Named::new("Chrome OS", rest.split(' ').nth(1).unwrap_or_default());
    }
    if header.contains("Ubuntu") {
        return Named::unversioned("Ubuntu");
    }
    if header.contains("Linux") {
        return Named::unversioned("Linux");
    }
    Named::unversioned("Other")
}

fn device(header: &str, os: &str) -> Named {
    for family in ["iPhone", "iPad", "iPod"] {
        if header.contains(&format!("({family}")) {
            return Named::unversioned(family);
        }
    }
    if os == "Android" {
        return Named::unversioned(android_model(header).unwrap_or("Android"));
    }
    Named::unversioned("Other")
}

/// The model that stands after the version in `(Linux; Android 13; SM-S911B Build/…)`. Newer
/// browsers write `K` or `Mobile` there to tell nothing.
fn android_model(header: &str) -> Option<&str> {
    let inside = header.split_once('(')?.1.split_once(')')?.0;
    let model = inside
        .split("; ")
        .skip_while(|part| !part.starts_with("Android"))
        .nth(1)?;
    let model = model.split(" Build/").next().unwrap_or(model).trim();
    let tells = model.len() > 1
        && model.len() <= 40
        && !matches!(model, "Mobile" | "Tablet" | "wv")
        && !model.starts_with("rv:")
        && model
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " -_.+".contains(c));
    tells.then_some(model)
}

/// The word that follows `token`.
fn after<'a>(header: &'a str, token: &str) -> Option<&'a str> {
    let rest = &header[header.find(token)? + token.len()..];
    rest.split([' ', ';', ')', ',']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOZILLA: &str = "Mozilla/5.0 ";
    const CHROME: &str = "AppleWebKit/537.36 (KHTML, like Gecko) ";

    fn summary(header: &str) -> String {
        let UserAgent { browser, device, os } = UserAgent::parse(header);
        let version = |named: &Named| format!("{}.{}.{}", named.major, named.minor, named.patch);
        format!(
            "{} {} / {} {} / {}",
            browser.family,
            version(&browser),
            os.family,
            version(&os),
            device.family
        )
    }

    fn all_read(table: &[(String, &str)]) {
        for (header, expected) in table {
            assert_eq!(summary(header), *expected, "{header}");
        }
    }

    #[test]
    fn chrome_and_its_kin_are_named() {
        let mac = "(Macintosh; Intel Mac OS X 10_15_7) ";
        let windows = "(Windows NT 10.0; Win64; x64) ";
        let iphone = "(iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ";
        all_read(&[
            (
                format!("{MOZILLA}{mac}{CHROME}Chrome/99.0.4844.51 Safari/537.36"),
                "Chrome 99.0.4844 / Mac OS X 10.15.7 / Other",
            ),
            (
                format!("{MOZILLA}{windows}{CHROME}Chrome/126.0.0.0 Safari/537.36"),
                "Chrome 126.0.0 / Windows 10.0.0 / Other",
            ),
            (
                format!("{MOZILLA}(X11; Linux x86_64) {CHROME}HeadlessChrome/126.0.6478.56 Safari/537.36"),
                "Chrome 126.0.6478 / Linux 0.0.0 / Other",
            ),
            (
                format!("{MOZILLA}(X11; CrOS x86_64 14541.0.0) {CHROME}Chrome/126.0.0.0 Safari/537.36"),
                "Chrome 126.0.0 / Chrome OS 14541.0.0 / Other",
            ),
            (
                format!("{MOZILLA}(Linux; Android 10; K) {CHROME}Chrome/126.0.0.0 Mobile Safari/537.36"),
                "Chrome Mobile 126.0.0 / Android 10.0.0 / Android",
            ),
            (
                format!(
                    "{MOZILLA}(Linux; Android 14; Pixel 8 Pro) {CHROME}Chrome/120.0.6099.43 Mobile Safari/537.36"
                ),
                "Chrome Mobile 120.0.6099 / Android 14.0.0 / Pixel 8 Pro",
            ),
            (
                format!("{MOZILLA}{iphone}CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"),
                "Chrome Mobile 126.0.6478 / iOS 17.4.1 / iPhone",
            ),
            (
                format!("{MOZILLA}{windows}{CHROME}Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68"),
                "Edge 126.0.2592 / Windows 10.0.0 / Other",
            ),
            (
                format!("{MOZILLA}{iphone}Version/17.0 EdgiOS/126.0.2592.56 Mobile/15E148 Safari/604.1"),
                "Edge 126.0.2592 / iOS 17.4.1 / iPhone",
            ),
        ]);
    }

    #[test]
    fn other_browsers_and_programs_are_named() {
        let mac = "(Macintosh; Intel Mac OS X 10_15_7) ";
        let windows = "(Windows NT 10.0; Win64; x64) ";
        let iphone = "(iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ";
        all_read(&[
            (
                format!("{MOZILLA}(X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"),
                "Firefox 127.0.0 / Ubuntu 0.0.0 / Other",
            ),
            (
                format!("{MOZILLA}(Windows NT 6.1; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0"),
                "Firefox 115.0.0 / Windows 6.1.0 / Other",
            ),
            (
                format!("{MOZILLA}(Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0"),
                "Firefox Mobile 127.0.0 / Android 14.0.0 / Android",
            ),
            (
                format!("{MOZILLA}{iphone}FxiOS/127.0 Mobile/15E148 Safari/605.1.15"),
                "Firefox 127.0.0 / iOS 17.4.1 / iPhone",
            ),
            (
                format!(
                    "{MOZILLA}{mac}AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15"
                ),
                "Safari 17.4.1 / Mac OS X 10.15.7 / Other",
            ),
            (
                format!("{MOZILLA}{iphone}Version/17.4.1 Mobile/15E148 Safari/604.1"),
                "Mobile Safari 17.4.1 / iOS 17.4.1 / iPhone",
            ),
            (
                format!(
                    "{MOZILLA}(iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/12.1.2 Mobile/15E148 Safari/604.1"
                ),
                "Mobile Safari 12.1.2 / iOS 12.5.7 / iPad",
            ),
            (
                format!("{MOZILLA}{windows}{CHROME}Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0"),
                "Opera 111.0.0 / Windows 10.0.0 / Other",
            ),
            (
                format!(
                    "{MOZILLA}(Linux; Android 13; SAMSUNG SM-S911B) {CHROME}SamsungBrowser/25.0 \
                     Chrome/121.0.0.0 Mobile Safari/537.36"
                ),
                "Samsung Internet 25.0.0 / Android 13.0.0 / SAMSUNG SM-S911B",
            ),
            (
                format!(
                    "{MOZILLA}(Linux; Android 8.1.0; SM-J710F Build/M1AJQ; wv) {CHROME}Version/4.0 \
                     Chrome/83.0.4103.106 Mobile Safari/537.36"
                ),
                "Chrome Mobile 83.0.4103 / Android 8.1.0 / SM-J710F",
            ),
            ("curl/7.88.1".to_owned(), "curl 7.88.1 / Other 0.0.0 / Other"),
            (
                "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)".to_owned(),
                "node 1.0.0 / Other 0.0.0 / Other",
            ),
            ("node".to_owned(), "node 0.0.0 / Other 0.0.0 / Other"),
        ]);
    }

    #[test]
    fn nonsense_is_other_and_never_a_panic() {
        for header in [
            "",
            "(",
            ")(",
            "Android",
            "Chrome/",
            "Windows NT ",
            "CrOS ",
            "Chrome/é",
            "Firefox/99999999999999999999",
            "\u{fffd}/\u{fffd}",
            "(Linux; Android 9; <script>)",
        ] {
            let _ = summary(header);
        }
        assert_eq!(summary(""), "Other 0.0.0 / Other 0.0.0 / Other");
    }

    #[test]
    fn a_label_repeats_nothing_of_the_header() {
        let header = "Mozilla/5.0 (Linux; Android 9; Secret One) Firefox/s3cret\r\nevil";

        assert_eq!(UserAgent::parse(header).label(), "Firefox Mobile on Android");
        assert_eq!(UserAgent::parse("Secret/1 (Two)").label(), "Other on Other");
    }

    #[test]
    fn the_shape_on_the_wire_is_altogics() {
        let header = format!("{MOZILLA}(Macintosh; Intel Mac OS X 10_15_7) {CHROME}Chrome/99.0.4844.51");

        assert_eq!(
            serde_json::to_value(UserAgent::parse(&header)).unwrap(),
            serde_json::json!({
                "family": "Chrome", "major": "99", "minor": "0", "patch": "4844",
                "device": { "family": "Other", "major": "0", "minor": "0", "patch": "0" },
                "os": { "family": "Mac OS X", "major": "10", "minor": "15", "patch": "7" },
            })
        );
    }
}
