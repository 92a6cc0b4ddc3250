//! Wasm without what a browser does not need.

use std::{collections::BTreeMap, convert::Infallible};

use anyhow::{Result, ensure};
use wasm_encoder::{
    ImportSection, Imports, Module,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{CustomSectionReader, Parser};

/// Short names for what a module imports from the script: wasm-bindgen's are long, end in hashes,
/// and stand in the script and in the wasm.
#[derive(Default)]
pub struct Names {
    short: BTreeMap<String, String>,
    kept: bool,
}

impl Names {
    /// Every name as it is.
    pub fn kept() -> Self {
        Self {
            kept: true,
            ..Self::default()
        }
    }

    fn short(&mut self, name: &str) -> String {
        if self.kept {
            return name.to_owned();
        }
        let next = format!("_{}", self.short.len());
        self.short.entry(name.to_owned()).or_insert(next).clone()
    }

    /// The script with the short names.
    ///
    /// # Errors
    /// For a script that uses such a name already.
    pub fn shortened(&self, script: &str) -> Result<String> {
        let mut shortened = String::with_capacity(script.len());
        let mut rest = script;
        while let Some(start) = rest.find(is_name) {
            let (before, from) = rest.split_at(start);
            let (name, after) = from.split_at(from.find(|c| !is_name(c)).unwrap_or(from.len()));
            ensure!(
                !self.short.values().any(|short| short == name),
                "the script has a name {name} already"
            );
            shortened.push_str(before);
            shortened.push_str(self.short.get(name).map_or(name, String::as_str));
            rest = after;
        }
        Ok(shortened + rest)
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

/// The module without custom sections, in the fewest bytes, with these names for its imports.
///
/// # Errors
/// For what is no wasm.
pub fn lighter(module: &[u8], names: &mut Names) -> Result<Vec<u8>> {
    let mut written = Module::new();
    Lighter(names).parse_core_module(&mut written, Parser::new(0), module)?;
    Ok(written.finish())
}

struct Lighter<'a>(&'a mut Names);

impl Reencode for Lighter<'_> {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        Ok(())
    }

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: wasmparser::Imports<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let wasmparser::Imports::Single(_, import) = imports else {
            return utils::parse_imports(self, section, imports);
        };
        let name = self.0.short(import.name);
        section.imports(Imports::Single(wasm_encoder::Import {
            module: import.module,
            name: &name,
            ty: self.entity_type(import.ty)?,
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_shortened_and_only_those() {
        let mut names = Names::default();
        assert_eq!(names.short("__wbg_get_0a1b"), "_0");
        assert_eq!(names.short("__wbg_get"), "_1");
        assert_eq!(names.short("__wbg_get_0a1b"), "_0");

        assert_eq!(
            names
                .shortened("x.__wbg_get_0a1b = __wbg_get; __wbg_get_0a1b2;")
                .unwrap(),
            "x._0 = _1; __wbg_get_0a1b2;"
        );
        assert!(names.shortened("let _1;").is_err());
    }

    #[test]
    fn custom_sections_stay_at_home() {
        let mut module = Module::new();
        module.section(&wasm_encoder::CustomSection {
            name: "name".into(),
            data: b"long".as_slice().into(),
        });

        let light = lighter(&module.finish(), &mut Names::kept()).unwrap();

        assert_eq!(light, Module::new().finish());
        assert!(lighter(b"no wasm", &mut Names::kept()).is_err());
    }
}
