//! `latchkey keys`: lists, makes and revokes the keys that the embedded Altogic accepts.

use std::{
    io::{Write, stdout},
    path::Path,
};

use backend::embedded::keys::{self, Key, KeyKind};
use clap::{Subcommand, ValueEnum};

#[derive(Clone, Subcommand)]
pub(crate) enum Action {
    /// Lists every key; of an API key only the name and the dates
    List,
    /// Makes a key and prints it; an API key is shown this once
    Make {
        /// What the key is for
        kind: Kind,
        /// What to call it
        name: String,
    },
    /// Ends a key; a running server notices within five seconds
    Revoke {
        /// The id that `latchkey keys list` shows
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Sent by every caller, in pages too: X-Client-Key
    Client,
    /// Sent by servers that may do more, and secret: Authorization
    Api,
}

/// Does what was asked with the keys below `data_dir`.
///
/// # Errors
/// When the database cannot be used, or there is no living key to revoke.
pub(crate) async fn run(action: Action, data_dir: &Path) -> anyhow::Result<()> {
    let mut out = stdout();
    match action {
        Action::List => {
            for key in keys::list(data_dir).await? {
                writeln!(out, "{}", line(&key))?;
            }
        }
        Action::Make { kind, name } => {
            let kind = match kind {
                Kind::Client => KeyKind::Client,
                Kind::Api => KeyKind::Api,
            };
            let key = keys::create(data_dir, kind, &name).await?;
            writeln!(out, "{}", key.key.unwrap_or_default())?;
        }
        Action::Revoke { id } => {
            anyhow::ensure!(
                keys::revoke(data_dir, &id).await?,
                "there is no living key with the id {id}"
            );
        }
    }
    Ok(())
}

fn line(key: &Key) -> String {
    let kind = match key.kind {
        KeyKind::Client => "client",
        KeyKind::Api => "api",
    };
    let text = key.key.as_deref().unwrap_or("(kept as a hash)");
    let end = key
        .revoked_at
        .as_ref()
        .map(|at| format!("  revoked {at}"))
        .unwrap_or_default();
    format!(
        "{}  {kind:6}  {text:32}  made {}{end}  {}",
        key.id, key.created_at, key.name
    )
}
