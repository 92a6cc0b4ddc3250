//! The `.env` file of the working directory.

use std::{collections::HashMap, io, path::Path};

/// Why a file of settings cannot be read. Says where, and repeats nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It is there and cannot be opened or is no text.
    #[error(".env cannot be read: {0}")]
    Unreadable(&'static str),
    /// A line of it is no setting.
    #[error(
        ".env, line {0}: expected NAME=value; a value with spaces, $, quotes or a backslash goes \
         into single quotes"
    )]
    Line(usize),
}

/// The variables of a file, the first of each name; none if there is no file.
///
/// # Errors
/// See [`EnvFileError`].
pub fn read(path: &Path) -> Result<HashMap<String, String>, EnvFileError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|_| EnvFileError::Unreadable("expected text in UTF-8"))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(EnvFileError::Unreadable("its permissions do not allow it"));
        }
        Err(_) => return Err(EnvFileError::Unreadable("expected a file")),
    };
    variables(&text)
}

fn variables(text: &str) -> Result<HashMap<String, String>, EnvFileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = HashMap::new();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        // The error would repeat the line, and with it a password.
        let (name, value) = item.map_err(|error| EnvFileError::Line(line_of(text, &error)))?;
        variables.entry(name).or_insert(value);
    }
    Ok(variables)
}

/// The number of the line that the error is about, from 1.
fn line_of(text: &str, error: &dotenvy::Error) -> usize {
    let dotenvy::Error::LineParse(part, _) = error else {
        return 1;
    };
    // A quote that is never closed takes all that follows.
    let start = text.find(part.trim_end_matches(['\n', '\r']));
    let before = start.map_or("", |start| &text[..start]);
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_shells_would() {
        let read =
            variables("\u{feff}# a comment\r\nexport A=1\r\nB = 'p$w#d \\ x'\nC=\nD=smtp://u:p#w@h\nA=2\n")
                .unwrap();

        assert_eq!(read["A"], "1");
        assert_eq!(read["B"], "p$w#d \\ x");
        assert_eq!(read["C"], "");
        assert_eq!(read["D"], "smtp://u:p#w@h");
    }

    #[test]
    fn a_broken_line_is_numbered_and_not_repeated() {
        for (text, line) in [
            ("A=1\nSMTP_URL smtp://u:hunter2@h\n", "line 2"),
            ("A=1\n\nSMTP_URL=smtp://u:hunter2@h and more\n", "line 3"),
            ("SMTP_URL='smtp://u:hunter2@h\nA=1\n", "line 1"),
            ("smtp://u:hunter2@h\n", "line 1"),
            ("A=1\nSMTP_URL=\"hunter2\\q\"\n", "line 2"),
        ] {
            let error = variables(text).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(line), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
