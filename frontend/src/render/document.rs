//! Puts a rendered page into the frame that trunk built.

use leptos::prelude::*;

use super::Page;
use crate::{Part, posted::OUTCOME_ID};

impl Page {
    /// Puts the page into the frame that trunk built. Its content comes before what starts the app
    /// and, if it can do without, before the later style: browsers fetch both ahead all the same.
    ///
    /// # Panics
    /// If the frame has no `<title>`, no `</head>` or no empty element with the id `app`.
    pub fn into_document(self, frame: &str) -> String {
        let (before_title, rest) = frame.split_once("<title>").expect("the frame has a title");
        let (_, rest) = rest.split_once("</title>").expect("the title ends");
        let (head, rest) = rest.split_once("</head>").expect("the frame has a head");
        let (head, start) = head.split_at(head.find("<script").unwrap_or(head.len()));
        let at = rest
            .find("id=\"app\"")
            .or_else(|| rest.find("id=app"))
            .expect("the frame has a place for the app");
        let at = at + rest[at..].find('>').expect("its tag ends") + 1;
        let (before_body, after_body) = rest.split_at(at);
        let (end, after) = after_body
            .split_once("</div>")
            .expect("the place for the app ends");
        let (after, later_style, last) = around_style(after);
        let shows_later = shows_class_of(later_style, head, &self.body);
        let (style_in_head, style_behind) = if shows_later {
            (later_style, "")
        } else {
            ("", later_style)
        };

        let title = leptos::html::title().child(self.title).to_html();
        let mut document = String::with_capacity(frame.len() + self.body.len() + 256);
        let mut write = |part: &str| document.push_str(part);
        write(before_title);
        write(&title.replace("<!>", ""));
        write(head);
        write(style_in_head);
        if let Some(instead) = self.instead {
            write(&format!(
                "<noscript><meta http-equiv=\"refresh\" content=\"0; url={instead}\"></noscript>"
            ));
        }
        write("</head>");
        write(before_body);
        write(&self.body);
        write(end);
        write("</div>");
        if let Some(outcome) = self.outcome {
            // `</script>` and `<!--` would end or hide the element.
            let json = serde_json::to_string(&outcome)
                .expect("only strings and numbers")
                .replace('<', "\\u003c");
            write(&format!(
                "<script type=\"application/json\" id=\"{OUTCOME_ID}\">{json}</script>"
            ));
        }
        write(after);
        if self.has_app {
            write(&with_links_of(&self.parts, start));
        }
        write(style_behind);
        write(last);
        document
    }
}

/// What starts the app, with links that fetch ahead just these files.
fn with_links_of(parts: &[Part], start: &str) -> String {
    let is_kept = |link: &str| {
        !link.contains(".wasm")
            || link.contains("_bg.wasm")
            || parts.iter().any(|part| link.contains(part.in_file_names()))
    };
    start
        .split_inclusive('>')
        .filter(|tag| !tag.contains("<link") || is_kept(tag))
        .collect()
}

/// The end of the frame up to its style, that style, and what follows.
fn around_style(end: &str) -> (&str, &str, &str) {
    const CLOSE: &str = "</style>";
    let Some(start) = end.find("<style") else {
        return (end, "", "");
    };
    let (before, rest) = end.split_at(start);
    let close = rest.find(CLOSE).expect("the style ends") + CLOSE.len();
    let (style, after) = rest.split_at(close);
    (before, style, after)
}

/// Whether the body has a class that this style mentions and the head does not.
fn shows_class_of(style: &str, head: &str, body: &str) -> bool {
    body.split("class=\"")
        .skip(1)
        .flat_map(|rest| rest.split('"').next().unwrap_or_default().split_whitespace())
        .any(|class| mentions(style, class) && !mentions(head, class))
}

/// Whether a style has a selector with this class.
fn mentions(style: &str, class: &str) -> bool {
    style.split('.').skip(1).any(|rest| {
        rest.strip_prefix(class)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || "-_".contains(next)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "<title></title><style>.card{color:red}</style><script>start()</script>\
        <link href=_bg.wasm><link href=_visitor.wasm></head><body><div id=app></div><p>trouble</p>\
        <style>.card .hero{color:blue}</style></body>";

    fn document(body: &str) -> String {
        page(body).into_document(FRAME)
    }

    fn page(body: &str) -> Page {
        Page {
            title: "A page".to_owned(),
            body: body.to_owned(),
            outcome: None,
            instead: None,
            has_app: true,
            parts: Vec::new(),
        }
    }

    #[test]
    fn a_style_that_the_page_does_not_show_stands_behind_its_content() {
        let document = document("<p class=\"card\">hero heroic</p><i class=\"heroic\"></i>");
        let (_, end) = document.split_once("trouble").unwrap();

        assert_eq!(
            end,
            "</p><script>start()</script><link href=_bg.wasm><style>.card .hero{color:blue}</style></body>"
        );
    }

    #[test]
    fn a_style_that_the_page_shows_stands_in_its_head() {
        let document = document("<p class=\"wide hero\"></p>");
        let (head, body) = document.split_once("</head>").unwrap();

        assert!(head.ends_with("<style>.card .hero{color:blue}</style>"), "{head}");
        assert!(!body.contains("<style"), "{body}");
    }

    #[test]
    fn a_page_without_the_app_does_not_start_it() {
        let plain = Page {
            has_app: false,
            ..page("<p></p>")
        };

        let document = plain.into_document(FRAME);

        assert!(
            !document.contains("start()") && !document.contains("wasm"),
            "{document}"
        );
    }
}
