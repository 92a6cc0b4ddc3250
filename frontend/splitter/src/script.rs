//! The script that wasm-bindgen wrote, with the loader of the later file inside.

use anyhow::{Context, Result, ensure};

/// One script of two, so that there is no second one to wait for.
///
/// # Errors
/// For scripts that do not look as these two tools write them.
pub fn merged(glue: &str, loader: &str) -> Result<String> {
    let mut names = Vec::new();
    let mut glue = glue;
    while let Some((name, rest)) = split_import(glue) {
        names.push(name);
        glue = rest;
    }
    ensure!(
        !names.is_empty(),
        "the script begins with the import of the loader"
    );
    let loader = loader
        .strip_prefix("import { initSync } from \"./frontend.js\";")
        .context("the loader begins with the import of the script")?;
    let exported: Vec<_> = loader
        .split("export const ")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(" =")?.0))
        .collect();
    let loader = noting_failures(loader)?;
    Ok(format!(
        "{glue}\n{}\nconst loaders = {{ {} }}, {} = loaders;\n",
        loader.replace("export const ", "const "),
        exported.join(", "),
        names.join(" = loaders, ")
    ))
}

/// The loader that notes what is no failure of the connection: a file that does not come is a
/// `TypeError`, one that the browser cannot run is not.
fn noting_failures(loader: &str) -> Result<String> {
    const TOLD: &str = "console.error(e);";
    ensure!(loader.contains(TOLD), "the loader tells of failures");
    Ok(loader.replace(
        TOLD,
        "console.error(e);\nwindow.lacks ||= !(e instanceof TypeError);",
    ))
}

/// The name under which a script begins to import the loader, and the rest; there is one import for
/// each file.
fn split_import(script: &str) -> Option<(&str, &str)> {
    let (import, rest) = script.strip_prefix("import * as ")?.split_once('\n')?;
    Some((import.split_once(" from \"./__wasm_split.js\"")?.0, rest))
}

/// The script without indentation and comments of whole lines.
pub fn trimmed(script: &str) -> String {
    let mut comment = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.lines().map(str::trim) {
        comment |= line.starts_with("/*");
        if !comment && !line.is_empty() && !line.starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
        comment &= !line.contains("*/");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_becomes_a_part_of_the_script() {
        let import = |name: &str| format!("import * as {name} from \"./__wasm_split.js\"\n");
        let glue = import("import1") + &import("import2") + "use(import1, import2);";
        let loader = "import { initSync } from \"./frontend.js\";\nexport const load = 1;\nconsole.error(e);";

        assert_eq!(
            merged(&glue, loader).unwrap(),
            "use(import1, import2);\n\nconst load = 1;\nconsole.error(e);\n\
             window.lacks ||= !(e instanceof TypeError);\nconst loaders = { load }, import1 = loaders, import2 = loaders;\n"
        );
        assert!(merged("use(import1);", loader).is_err());
        assert!(merged(&glue, "export const load = 1;").is_err());
    }

    #[test]
    fn only_comments_and_spaces_are_trimmed() {
        assert_eq!(
            trimmed("  a();\n/**\n * b\n */\n\n  // c\n\tconst d = '//';\n/* e */\nf();\n"),
            "a();\nconst d = '//';\nf();\n"
        );
    }
}
