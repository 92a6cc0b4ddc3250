//! `latchkey audit`: what happened to accounts of the embedded Altogic.

use std::{
    fmt::Write as _,
    io::{ErrorKind, Write, stdout},
    path::Path,
};

use backend::embedded::audit::{AuditEvent, AuditLog, EVENTS, Filter};
use clap::{Args, builder::PossibleValuesParser};
use time::{Date, OffsetDateTime, Time, format_description::well_known::Iso8601};

#[derive(Clone, Args)]
pub(crate) struct Arguments {
    /// Only of this account: its id, also after its end, or its mail address
    #[arg(long, value_name = "ID|ADDRESS")]
    user: Option<String>,
    /// Only since then: 2026-11-28, 2026-11-28T13:00:00Z, or how long ago, as in 7d, 12h, 30m
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<OffsetDateTime>,
    /// Only these
    #[arg(long, value_parser = PossibleValuesParser::new(EVENTS), hide_possible_values = true)]
    event: Option<String>,
    /// One JSON object a line, for programs
    #[arg(long)]
    json: bool,
    /// How many at most
    #[arg(long, default_value = "100", value_name = "N")]
    limit: usize,
}

/// So many events are read at once: a server that writes beside us waits for no long reading.
const AT_ONCE: usize = 500;
const HEAD: [&str; 7] = [
    "time", "event", "result", "account", "network", "device", "request",
];

/// Prints the events below `data_dir`.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn run(arguments: Arguments, data_dir: &Path) -> anyhow::Result<()> {
    match print(arguments, data_dir).await {
        // `latchkey audit | head` has seen enough.
        Err(error) if is_closed_pipe(&error) => Ok(()),
        outcome => outcome,
    }
}

async fn print(arguments: Arguments, data_dir: &Path) -> anyhow::Result<()> {
    let mut log = AuditLog::open(data_dir).await?;
    let filter = Filter {
        user: arguments.user,
        since: arguments.since,
        event: arguments.event,
    };
    let mut out = stdout().lock();
    if !arguments.json {
        writeln!(out, "{}", columns(HEAD))?;
    }
    let (mut before, mut left) = (None, arguments.limit);
    while left > 0 {
        let events = log.page(&filter, before, left.min(AT_ONCE)).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.id);
        left -= events.len();
        for event in &events {
            let line = if arguments.json { json(event)? } else { line(event) };
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// One event as a line of the table.
fn line(event: &AuditEvent) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let what = match event.count {
        1 => event.event.clone(),
        count => format!("{} x{count}", event.event),
    };
    let reason = event.reason.as_deref().map(|reason| format!(" {reason}"));
    let whose = match (&event.account, &event.address_digest) {
        (Some(account), _) => account.clone(),
        (None, Some(digest)) => format!("({digest})"),
        (None, None) => "-".to_owned(),
    };
    columns([
        event.at.as_str(),
        &what,
        &format!("{}{}", event.result, reason.unwrap_or_default()),
        &whose,
        &or_none(&event.network),
        &or_none(&event.device),
        &or_none(&event.request_id),
    ])
}

fn columns(texts: [&str; 7]) -> String {
    const WIDTHS: [usize; 7] = [24, 22, 22, 26, 18, 28, 0];
    let columns = texts.into_iter().zip(WIDTHS);
    let columns: Vec<String> = columns
        .map(|(text, width)| format!("{:width$}", printable(text)))
        .collect();
    columns.join("  ").trim_end().to_owned()
}

/// Without anything that a terminal obeys or reorders: all that is not visible ASCII is escaped.
/// Our own rows hold nothing else; the file may be another's.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => printable.push(c),
            _ => printable.extend(c.escape_unicode()),
        }
    }
    printable
}

/// One event as JSON in ASCII.
fn json(event: &AuditEvent) -> anyhow::Result<String> {
    let json = serde_json::to_string(event)?;
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}")?;
            }
        }
    }
    Ok(ascii)
}

/// A date (its midnight in UTC), a moment, or a duration before now.
fn moment(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(moment) = OffsetDateTime::parse(text, &Iso8601::DEFAULT) {
        return Ok(moment);
    }
    if let Ok(date) = Date::parse(text, &Iso8601::DATE) {
        return Ok(date.with_time(Time::MIDNIGHT).assume_utc());
    }
    humantime::parse_duration(text)
        .ok()
        .and_then(|ago| OffsetDateTime::now_utc().checked_sub(ago.try_into().ok()?))
        .ok_or_else(|| "expected 2026-11-28, 2026-11-28T13:00:00Z, or 7d, 12h, 30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row could hold in a database that somebody else wrote.
    fn hostile() -> AuditEvent {
        let text = || Some("\u{1b}]0;x\u{7}\r\nok\u{202e}\u{9b}é\u{1f600}".to_owned());
        AuditEvent {
            id: 1,
            at: "2026-11-28T12:00:00.000Z".to_owned(),
            event: "sign-out\u{1b}[2J".to_owned(),
            result: "ok",
            reason: text(),
            account: text(),
            address_digest: None,
            object: text(),
            count: 2,
            network: text(),
            device: text(),
            request_id: text(),
        }
    }

    /// T-94.
    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        for line in [line(&hostile()), json(&hostile()).unwrap()] {
            assert!(line.chars().all(|c| matches!(c, ' '..='~')), "{line}");
        }
        assert!(line(&hostile()).contains(r"sign-out\u{1b}[2J x2"));
        let read: serde_json::Value = serde_json::from_str(&json(&hostile()).unwrap()).unwrap();
        assert_eq!(read["device"].as_str(), hostile().device.as_deref());
    }

    #[test]
    fn a_moment_is_a_date_a_time_or_how_long_ago() {
        let unix = |text: &str| moment(text).unwrap().unix_timestamp();

        assert_eq!(unix("2022-03-19"), 1_647_648_000);
        assert_eq!(unix("2022-03-19T13:55:55Z"), 1_647_698_155);
        assert_eq!(unix("2022-03-19T14:55:55+01:00"), 1_647_698_155);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        assert!((now - 86_400..=now - 86_390).contains(&unix("1d")));
        for nonsense in ["", "yesterday", "2022-13-01", "7", "99999999999999d"] {
            assert!(moment(nonsense).is_err(), "{nonsense}");
        }
    }
}
