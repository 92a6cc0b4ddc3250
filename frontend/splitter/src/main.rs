//! Splits what trunk built: the pages of `frontend/src/later.rs` get a wasm file of their own, and
//! names and indentation that no browser needs stay at home. trunk calls this after everything else
//! (`Trunk.toml`, hooks) and moves the result to `dist/`.

mod linked;
mod script;
mod wasm;

use std::{
    collections::{BTreeMap, HashMap},
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
        let called = format!("\"./{}.wasm\"", part.name);
        ensure!(script.contains(&called), "the script does not fetch {called}");
        script = script.replace(&called, &format!("\"./{new}{}\"", part.ending));
        fs::write(staging.join(format!("{new}{}", part.ending)), &part.wasm)?;
    }
    fs::write(staging.join(format!("{new}.js")), script)?;
    fs::write(staging.join(format!("{new}{FIRST}")), parts.first)?;

    let page = staging.join("index.html");
    let html = fs::read_to_string(&page)?.replace(&old, &new);
    let html = with_later_links(&html, &parts.later)?;
    fs::write(page, with_first_script(&html)?)?;
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
    /// What the script calls it, without `.wasm`.
    name: String,
    /// What it is called at the end: the functions of `frontend/src/later.rs` that need it, as in
    /// `_account_profile.wasm`.
    ending: String,
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
    let later = endings(modules.prefetch_map)
        .into_iter()
        .map(|(name, ending)| {
            let wasm = fs::read(folder.join(format!("{name}.wasm")))?;
            let wasm = wasm::lighter(&wasm, &mut wasm::Names::kept())?;
            Ok(Later { name, ending, wasm })
        })
        .collect::<Result<Vec<_>>>()?;
    ensure!(
        later.len() == modules.split_modules.len(),
        "some of these files are needed by nothing: {:?}",
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
        script: names.shortened(&script::trimmed(&(script + include_str!("translated.js"))))?,
        first,
        later,
    })
}

/// The files that the functions need, by their names without `.wasm`, with what each is called at
/// the end.
fn endings(needed: HashMap<String, Vec<String>>) -> BTreeMap<String, String> {
    let mut endings = BTreeMap::<_, String>::new();
    for (function, files) in needed.into_iter().collect::<BTreeMap<_, _>>() {
        for file in files {
            let ending = endings.entry(file).or_default();
            ending.push('_');
            ending.push_str(&function);
        }
    }
    for ending in endings.values_mut() {
        ending.push_str(".wasm");
    }
    endings
}

/// The page with links that fetch the later files ahead, beside the one for the first file. The
/// server takes those out of a page that it does not need (`frontend/src/render/`).
fn with_later_links(html: &str, files: &[Later]) -> Result<String> {
    let link = html
        .split_inclusive('>')
        .map(|part| &part[part.rfind('<').unwrap_or_default()..])
        .find(|tag| tag.starts_with("<link") && tag.contains(FIRST))
        .context("trunk's page has no preload of the wasm")?;
    let later: String = files
        .iter()
        .map(|file| link.replace(FIRST, &file.ending))
        .collect();
    Ok(html.replace(link, &format!("{link}{later}")))
}

/// The page with the script for old browsers before the start script. trunk would write it in the
/// language of new ones.
fn with_first_script(html: &str) -> Result<String> {
    let at = html.find("<script type").context("the page has a start script")?;
    let (before, after) = html.split_at(at);
    let first = script::trimmed(include_str!("start.js"));
    Ok(format!("{before}<script>{}</script>{after}", first.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_after_what_needs_it() {
        let needed = [
            ("visitor", ["chunk_1", "split_visitor"]),
            ("account", ["chunk_1", "split_account"]),
        ];
        let needed = needed.map(|(function, files)| (function.to_owned(), files.map(str::to_owned).to_vec()));
        let endings = endings(HashMap::from(needed));
        let endings: Vec<_> = endings
            .iter()
            .map(|(file, ending)| (file.as_str(), ending.as_str()))
            .collect();
        assert_eq!(
            endings,
            [
                ("chunk_1", "_account_visitor.wasm"),
                ("split_account", "_account.wasm"),
                ("split_visitor", "_visitor.wasm"),
            ]
        );
    }
}
