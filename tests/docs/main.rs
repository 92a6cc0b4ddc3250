//! The documents, held to what they say of the tests.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The requirements that the table lists, T-01 to this one.
const LAST: u32 = 100;
/// Where ids of requirements are cited.
const SOURCES: [&str; 4] = ["backend", "frontend", "shared", "tests"];
const TABLE: &str = "docs/security.md";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One requirement: `| id | what | tests | remark |`.
struct Row {
    id: String,
    tests: String,
    remark: String,
}

fn rows() -> Vec<Row> {
    let table = read(TABLE);
    let rows = table.lines().filter(|line| line.starts_with("| T-"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, what, tests, remark] = cells[..] else {
            panic!("not four cells: {line}");
        };
        assert!(!what.is_empty(), "{id} says what is required");
        Row {
            id: id.to_owned(),
            tests: tests.to_owned(),
            remark: remark.to_owned(),
        }
    })
    .collect()
}

/// What stands between backticks.
fn code_spans(text: &str) -> Vec<&str> {
    assert_eq!(text.matches('`').count() % 2, 0, "{text}");
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether a file has a test of this name: a Rust function, or a call of `test` with it as a text.
fn has_test(source: &str, name: &str, is_rust: bool) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    if !is_rust {
        return lines
            .iter()
            .any(|line| line.starts_with("test(") && line.contains(&format!("'{name}'")));
    }
    let head = format!("fn {name}(");
    let is_head = |line: &str| line.trim_start_matches("async ").starts_with(&head);
    let is_mark = |line: &&str| line.starts_with("#[") && line.contains("test");
    lines.iter().enumerate().any(|(at, line)| {
        let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_head(line) && attributes.into_iter().any(is_mark)
    })
}

fn cited(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("T-").filter_map(|(at, _)| {
        let is_start = !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '-');
        let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        (is_start && !digits.is_empty()).then(|| format!("T-{digits}"))
    })
}

/// The sources below a folder, without what was installed or built there.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_source = [".rs", ".mjs", ".js", ".sql", ".css", ".html", ".toml"]
            .iter()
            .any(|end| name.ends_with(end));
        if path.is_dir() && name != "node_modules" && name != "target" {
            sources(&path, found);
        } else if is_source {
            found.push(path);
        }
    }
}

#[test]
fn every_requirement_is_in_the_table_exactly_once_and_in_order() {
    let listed: Vec<String> = rows().into_iter().map(|row| row.id).collect();
    let wanted: Vec<String> = (1..=LAST).map(|id| format!("T-{id:02}")).collect();

    assert_eq!(listed, wanted);
}

#[test]
fn every_requirement_has_a_test_or_a_reason() {
    for Row { id, tests, remark } in rows() {
        assert!(!code_spans(&tests).is_empty() || !remark.is_empty(), "{id}");
    }
}

#[test]
fn every_test_in_the_table_exists() {
    for Row { id, tests, .. } in rows() {
        let mut file = None;
        for span in code_spans(&tests) {
            if span.contains('/') {
                file = Some((span, read(span), 0));
                continue;
            }
            let Some((path, source, named)) = &mut file else {
                panic!("{id}: in which file is {span}?");
            };
            let is_rust = Path::new(*path).extension().is_some_and(|end| end == "rs");
            assert!(has_test(source, span, is_rust), "{id}: {path} has no test {span}");
            *named += 1;
        }
        assert!(
            file.is_none_or(|(_, _, named)| named > 0),
            "{id}: a file without a test"
        );
    }
}

#[test]
fn every_requirement_that_the_code_cites_is_in_the_table() {
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.id).collect();
    let mut files = Vec::new();
    for folder in SOURCES {
        sources(&root().join(folder), &mut files);
    }

    let mut all = 0;
    for path in files {
        for id in cited(&fs::read_to_string(&path).unwrap()) {
            assert!(listed.contains(&id), "{}: {id}", path.display());
            all += 1;
        }
    }

    assert!(all > 100, "{all} were found");
}

#[test]
fn a_test_is_told_from_any_other_function() {
    let rust = "#[tokio::test]\nasync fn a() {}\nfn b() {}\n#[test]\n#[cfg(unix)]\nfn c() {}\n";
    let script = "test('it works', () => {});\nassert('it fails');\n";

    assert!(has_test(rust, "a", true));
    assert!(!has_test(rust, "b", true));
    assert!(has_test(rust, "c", true));
    assert!(has_test(script, "it works", false));
    assert!(!has_test(script, "it fails", false));
}
