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

/// What trunk calls the wasm, at the end.
const FIRST: &str = "_bg.wasm";
/// What the files are called, at the end, that come later: the functions of `frontend/src/later.rs`,
/// and what they share.
const LATER: [&str; 3] = ["_account.wasm", "_shared.wasm", "_visitor.wasm"];

fn main() -> Result<()> {
    let variable = |name| env::var(name).with_context(|| format!("{name} is missing: trunk calls this"));
    let staging = PathBuf::from(variable("TRUNK_STAGING_DIR")?);
    let release = variable("TRUNK_PROFILE")? == "release";
    let profile = if release { "wasm" } else { "debug" };
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).context("cargo has a target folder")?;
    let built = target
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join("frontend.wasm");
    let input = fs::read(&built).with_context(|| format!("{} cannot be read", built.display()))?;
    // Who develops wants to know where a panic was.
    let input = if release { linked::leaner(&input)? } else { input };
    let parts = split(&input, &target.join("splitter"))?;

    let old = fs::read_dir(&staging)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|name| name.strip_suffix(FIRST).map(str::to_owned))
        .context("trunk has built no wasm")?;
    let new = format!("frontend-{}", parts.hash()?);
    for ending in [FIRST, ".js"] {
        fs::remove_file(staging.join(format!("{old}{ending}")))?;
    }
    let mut script = parts.script;
    for part in &parts.later {
        script = script.replace(&part.name, &format!("./{new}{}", part.ending));
        fs::write(staging.join(format!("{new}{}", part.ending)), &part.wasm)?;
    }
    fs::write(staging.join(format!("{new}.js")), script)?;
    fs::write(staging.join(format!("{new}{FIRST}")), parts.first)?;

    let page = staging.join("index.html");
    let html = fs::read_to_string(&page)?.replace(&old, &new);
    fs::write(page, with_later_links(&html)?)?;
    Ok(())
}

/// The site's code.
struct Parts {
    script: String,
    first: Vec<u8>,
    later: Vec<Later>,
}

/// A file that comes later.
struct Later {
    /// What the script calls it.
    name: String,
    /// One of [`LATER`].
    ending: &'static str,
    wasm: Vec<u8>,
}

impl Parts {
    /// Changes with every byte: browsers keep the files for ever.
    fn hash(&self) -> Result<String> {
        let mut digest = Sha256::new();
        digest.update(&self.script);
        digest.update(&self.first);
        for part in &self.later {
            digest.update(&part.wasm);
        }
        let mut hash = String::new();
        for byte in &digest.finalize()[..8] {
            write!(hash, "{byte:02x}")?;
        }
        Ok(hash)
    }
}

/// Splits what cargo built, and has wasm-bindgen write the script.
fn split(input: &[u8], folder: &Path) -> Result<Parts> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let first = folder.join("frontend.wasm");
    let mut options = Options::new(input);
    options.output_dir = folder;
    options.main_out_path = &first;
    options.main_module = "./frontend.js";
    let modules = transform(options).map_err(|error| anyhow!("{error:?}"))?;
    let mut later = Vec::new();
    for path in &modules.split_modules {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .context("a file has a name")?;
        later.push(Later {
            name: format!("./{name}"),
            ending: ending_of(name)?,
            wasm: wasm::lighter(&fs::read(path)?, &mut wasm::Names::kept())?,
        });
    }
    later.sort_by_key(|part| part.ending);
    ensure!(
        later.iter().map(|part| part.ending).eq(LATER),
        "these files come later: {:?}",
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

/// What a file is called, at the end, that the splitter calls `name`.
fn ending_of(name: &str) -> Result<&'static str> {
    let ending = name.strip_prefix("split").unwrap_or("_shared.wasm");
    LATER
        .into_iter()
        .find(|later| *later == ending)
        .with_context(|| format!("an unknown file comes later: {name}"))
}

/// The page with links that fetch the later files ahead, beside the one for the first file. The
/// server takes those out of a page that it does not need (`frontend/src/render.rs`).
fn with_later_links(html: &str) -> Result<String> {
    let link = html
        .split_inclusive('>')
        .map(|part| &part[part.rfind('<').unwrap_or_default()..])
        .find(|tag| tag.starts_with("<link") && tag.contains(FIRST))
        .context("trunk's page has no preload of the wasm")?;
    let later: String = LATER.iter().map(|ending| link.replace(FIRST, ending)).collect();
    Ok(html.replace(link, &format!("{link}{later}")))
}
