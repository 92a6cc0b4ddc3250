//! Splits what trunk built: the pages of `frontend/src/later.rs` get a wasm file of their own, and
//! names and indentation that no browser needs stay at home. trunk calls this after everything else
//! (`Trunk.toml`, hooks) and moves the result to `dist/`.

mod linked;
mod script;
mod wasm;

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, ensure};
use sha2::{Digest, Sha256};
use wasm_split_cli_support::{Options, transform};

/// What the files of the later pages are called, at the end.
const LATER: &str = "_later.wasm";
/// What trunk calls the wasm, at the end.
const FIRST: &str = "_bg.wasm";
/// Stands in the script for the name of the file that comes later.
const LATER_NAME: &str = "./split_later.wasm";

fn main() -> Result<()> {
    let variable = |name| env::var(name).with_context(|| format!("{name} is missing: trunk calls this"));
    let staging = PathBuf::from(variable("TRUNK_STAGING_DIR")?);
    let profile = match variable("TRUNK_PROFILE")?.as_str() {
        "release" => "wasm",
        _ => "debug",
    };
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).context("cargo has a target folder")?;
    let built = target
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join("frontend.wasm");
    let parts = split(&built, &target.join("splitter"))?;

    let old = fs::read_dir(&staging)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|name| name.strip_suffix(FIRST).map(str::to_owned))
        .context("trunk has built no wasm")?;
    let new = format!("frontend-{}", parts.hash()?);
    for ending in [FIRST, ".js"] {
        fs::remove_file(staging.join(format!("{old}{ending}")))?;
    }
    let script = parts.script.replace(LATER_NAME, &format!("./{new}{LATER}"));
    fs::write(staging.join(format!("{new}.js")), script)?;
    fs::write(staging.join(format!("{new}{FIRST}")), parts.first)?;
    fs::write(staging.join(format!("{new}{LATER}")), parts.later)?;

    let page = staging.join("index.html");
    let html = fs::read_to_string(&page)?.replace(&old, &new);
    fs::write(page, with_later_link(&html)?)?;
    Ok(())
}

/// The site's code.
struct Parts {
    script: String,
    first: Vec<u8>,
    later: Vec<u8>,
}

impl Parts {
    /// Changes with every byte: browsers keep the files for ever.
    fn hash(&self) -> Result<String> {
        let mut digest = Sha256::new();
        digest.update(&self.script);
        digest.update(&self.first);
        digest.update(&self.later);
        let mut hash = String::new();
        for byte in &digest.finalize()[..8] {
            write!(hash, "{byte:02x}")?;
        }
        Ok(hash)
    }
}

/// Splits what cargo built, and has wasm-bindgen write the script.
fn split(built: &Path, folder: &Path) -> Result<Parts> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let input = fs::read(built).with_context(|| format!("{} cannot be read", built.display()))?;
    let input = linked::leaner(&input)?;
    let first = folder.join("frontend.wasm");
    let mut options = Options::new(&input);
    options.output_dir = folder;
    options.main_out_path = &first;
    options.main_module = "./frontend.js";
    let modules = transform(options).map_err(|error| anyhow!("{error:?}"))?;
    ensure!(
        modules.split_modules == [folder.join(LATER_NAME)],
        "one file comes later: {:?}",
        modules.split_modules
    );

    let bound = folder.join("bound");
    let status = Command::new("wasm-bindgen")
        // The later file needs the table of functions.
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--keep-lld-exports",
            "--out-dir",
        ])
        .args([&bound, &first])
        .status()
        .context("wasm-bindgen cannot be started: `make tools` installs it")?;
    ensure!(status.success(), "wasm-bindgen failed");

    let mut names = wasm::Names::default();
    let first = wasm::lighter(&fs::read(bound.join("frontend_bg.wasm"))?, &mut names)?;
    let later = wasm::lighter(&fs::read(folder.join(LATER_NAME))?, &mut wasm::Names::kept())?;
    let script = script::merged(
        &fs::read_to_string(bound.join("frontend.js"))?,
        &fs::read_to_string(folder.join("__wasm_split.js"))?,
    )?;
    Ok(Parts {
        script: names.shortened(&script::trimmed(&script))?,
        first,
        later,
    })
}

/// The page with a link that fetches the later file ahead, beside the one for the first file. The
/// server takes it out of the pages of who is signed out (`frontend/src/render.rs`).
fn with_later_link(html: &str) -> Result<String> {
    let link = html
        .split_inclusive('>')
        .map(|part| &part[part.rfind('<').unwrap_or_default()..])
        .find(|tag| tag.starts_with("<link") && tag.contains(FIRST))
        .context("trunk's page has no preload of the wasm")?;
    Ok(html.replace(link, &format!("{link}{}", link.replace(FIRST, LATER))))
}
