//! The command line, the environment and the `.env` file as one list of arguments, and refusals that
//! name the variable and never repeat a value.

use std::collections::HashSet;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args as _, Command, Parser};

use super::Expected;
use crate::config::Settings;

/// Why the program does not start.
#[derive(Debug)]
pub enum Refusal {
    /// Help or version was asked for, or an action is missing: clap's own text, without any value.
    Help(clap::Error),
    /// A setting or an argument is wrong: what to write instead.
    Wrong(String),
}

/// The flag of a setting and its variable.
struct Flag {
    long: String,
    variable: String,
    /// Whether it is a list, separated by commas.
    is_list: bool,
    takes_text: bool,
}

/// Reads a command line with [`Settings`] in it; `lookup` gives a variable of the environment or of
/// `.env`. A value that is empty, or holds nothing but spaces or a pair of quotes, counts as not
/// given.
///
/// # Errors
/// See [`Refusal`].
pub fn parse<L: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<L, Refusal> {
    let flags = flags();
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = complete(&flags, typed.clone(), lookup)?;
    // The variables are in the arguments now, and clap does not look for them.
    let command = L::command().mut_args(|arg| arg.env(None::<&str>));
    let matches = command
        .try_get_matches_from(arguments)
        .map_err(|error| refusal::<L>(&flags, &typed, error))?;
    L::from_arg_matches(&matches).map_err(|error| refusal::<L>(&flags, &typed, error))
}

/// The variables of all settings, in the order of `--help`.
pub fn variables() -> Vec<String> {
    flags().into_iter().map(|flag| flag.variable).collect()
}

fn flags() -> Vec<Flag> {
    let command = Settings::augment_args(Command::new("settings"));
    let flag = |arg: &clap::Arg| {
        Some(Flag {
            long: arg.get_long()?.to_owned(),
            variable: arg.get_env()?.to_str()?.to_owned(),
            is_list: arg.get_value_delimiter().is_some(),
            takes_text: arg.get_id() != "data_dir",
        })
    };
    command.get_arguments().filter_map(flag).collect()
}

/// The arguments with their values cleaned, after the settings that only a variable gives.
fn complete(
    flags: &[Flag],
    typed: Vec<OsString>,
    lookup: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<OsString>, Refusal> {
    let mut rest = typed.into_iter();
    let program = rest.next();
    let mut given = HashSet::new();
    let mut own = Vec::new();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy().into_owned();
        let (name, value) = text
            .split_once('=')
            .map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
        let flag = name
            .strip_prefix("--")
            .and_then(|name| flags.iter().find(|flag| flag.long == name));
        let Some(flag) = flag else {
            own.push(argument);
            continue;
        };
        let value = match value {
            // The lossy text is not the value, where that is no text at all.
            Some(value) => argument.to_str().map_or(argument.clone(), |_| value.into()),
            None => match rest.next() {
                Some(value) => value,
                None => return Err(wrong(&flag.variable, "expected a value after the flag")),
            },
        };
        if let Some(value) = clean(flag, &value)? {
            given.insert(flag.long.clone());
            own.push(joined(flag, &value));
        }
    }
    let missing = flags.iter().filter(|flag| !given.contains(&flag.long));
    let mut all: Vec<OsString> = program.into_iter().collect();
    for flag in missing {
        let value = lookup(&flag.variable).map(|value| clean(flag, &value));
        if let Some(value) = value.transpose()?.flatten() {
            all.push(joined(flag, &value));
        }
    }
    all.extend(own);
    Ok(all)
}

fn joined(flag: &Flag, value: &OsStr) -> OsString {
    let mut argument = OsString::from(format!("--{}=", flag.long));
    argument.push(value);
    argument
}

/// The value without outer spaces and quotes, as `docker --env-file` and lists in compose files
/// leave them; `None` for an empty one.
fn clean(flag: &Flag, value: &OsStr) -> Result<Option<OsString>, Refusal> {
    let Some(text) = value.to_str() else {
        return if flag.takes_text {
            Err(wrong(&flag.variable, "expected text in UTF-8"))
        } else {
            Ok(Some(value.to_owned()))
        };
    };
    let text = unquoted(text.trim()).trim();
    let text = if flag.is_list {
        let items = text.split(|c: char| c == ',' || c.is_whitespace());
        items
            .filter(|item| !item.is_empty())
            .collect::<Vec<_>>()
            .join(",")
    } else {
        text.to_owned()
    };
    Ok((!text.is_empty()).then(|| text.into()))
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

fn wrong(name: &str, what: &str) -> Refusal {
    Refusal::Wrong(format!("{name}: {what}"))
}

/// What clap refused, in words that hold no value: clap's own messages repeat it.
fn refusal<L: Parser>(flags: &[Flag], typed: &[OsString], error: clap::Error) -> Refusal {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let name = named(flags, &argument);
    match error.kind() {
        ErrorKind::DisplayHelp => {
            // Once more, by a command that knows the variables: help names them, without values.
            let command = L::command().mut_args(|arg| arg.hide_env_values(true));
            let shown = command.try_get_matches_from(typed).err();
            Refusal::Help(
                shown
                    .filter(|shown| shown.kind() == ErrorKind::DisplayHelp)
                    .unwrap_or(error),
            )
        }
        ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Refusal::Help(error)
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let expected = error
                .source()
                .and_then(|source| source.downcast_ref::<Expected>());
            let expected = match (expected, text(ContextKind::ValidValue)) {
                (Some(expected), _) => expected.to_string(),
                (None, Some(valid)) => format!("expected one of {valid}"),
                (None, None) => "expected a value as `latchkey --help` says".to_owned(),
            };
            wrong(&name, &expected)
        }
        ErrorKind::ArgumentConflict => wrong(&name, "expected only once"),
        ErrorKind::MissingRequiredArgument => wrong(&name, "expected, and missing"),
        ErrorKind::UnknownArgument => wrong(&name, "there is no such argument"),
        ErrorKind::InvalidSubcommand => Refusal::Wrong("there is no such command".to_owned()),
        _ => Refusal::Wrong("the arguments cannot be read".to_owned()),
    }
}

/// The variable behind `--flag <VALUE>`, or the argument itself if it is a name and nothing else.
fn named(flags: &[Flag], argument: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_<>, ".contains(c);
    let long = argument.trim_start_matches("--").split(' ').next();
    if let Some(flag) = flags.iter().find(|flag| Some(flag.long.as_str()) == long) {
        flag.variable.clone()
    } else if argument.len() <= 40 && argument.chars().all(is_name) && !argument.is_empty() {
        argument.to_owned()
    } else {
        "an argument".to_owned()
    }
}
