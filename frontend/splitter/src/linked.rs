//! What the linker wrote, before it is split, without what nobody asks for.

use std::{collections::BTreeSet, ops::Range};

use anyhow::{Context, Result, ensure};
use wasm_encoder::{
    CustomSection, Encode as _, ExportSection, Module, RawSection,
    reencode::{Reencode as _, RoundtripReencoder},
};
use wasmparser::{
    DataKind, DefinedDataSymbol, KnownCustom, Linking, Operator, Parser, Payload, RelocSectionReader,
    RelocationEntry, RelocationType, SymbolInfo,
};

/// Classes that a dependency offers to scripts, and no script of ours uses: as exports, they and all
/// that they call would stay. The names are those of the script, and of the functions.
const CLASSES: [&str; 2] = ["IntoUnderlying", "intounderlying"];

/// Where wasm-bindgen's macros tell its command what is offered.
const OFFERS: &str = "__wasm_bindgen_unstable";

/// The module without classes that nobody uses, and with one place for all panics: some 300 places,
/// each with a path, tell a visitor nothing. What went wrong is still said.
///
/// # Errors
/// For what is no wasm, or was linked without `--emit-relocs`.
pub fn leaner(module: &[u8]) -> Result<Vec<u8>> {
    let parsed = Parsed::new(module)?;
    let mut bytes = module.to_vec();
    let places = Places::of(&parsed, module)?;
    places.forget(&parsed, &mut bytes);

    let mut written = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        match &payload {
            Payload::ExportSection(exports) => {
                let mut kept = ExportSection::new();
                for export in exports.clone() {
                    let export = export?;
                    if !CLASSES.iter().any(|class| export.name.contains(class)) {
                        RoundtripReencoder.parse_export(&mut kept, export)?;
                    }
                }
                written.section(&kept);
            }
            Payload::CustomSection(section) if section.name() == OFFERS => {
                written.section(&custom(OFFERS, &without_classes(section.data())?));
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Reloc(relocations) if relocations.section_index() == parsed.code_index => {
                    let relocations = places.relocations(&parsed, &relocations)?;
                    written.section(&custom(section.name(), &relocations));
                }
                _ => {
                    written.section(&custom(section.name(), section.data()));
                }
            },
            _ => {
                let data = &bytes[as_usize(&range)];
                written.section(&RawSection { id, data });
            }
        }
    }
    Ok(written.finish())
}

fn custom<'a>(name: &'a str, data: &'a [u8]) -> CustomSection<'a> {
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
}

/// The offers, each behind the version of its form, without those of the classes.
fn without_classes(mut offers: &[u8]) -> Result<Vec<u8>> {
    let mut kept = Vec::with_capacity(offers.len());
    while !offers.is_empty() {
        let (_, rest) = measured(offers)?;
        let (offer, rest) = measured(rest)?;
        let holds = |name: &str| offer.windows(name.len()).any(|part| part == name.as_bytes());
        if !CLASSES.into_iter().any(holds) {
            kept.extend(&offers[..offers.len() - rest.len()]);
        }
        offers = rest;
    }
    Ok(kept)
}

/// What has its length before it, and what comes after it.
fn measured(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    bytes
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize))
        .context("an offer ends too soon")
}

fn as_usize(range: &Range<u64>) -> Range<usize> {
    let edge = |at| usize::try_from(at).expect("the file is in memory");
    edge(range.start)..edge(range.end)
}

/// The parts of a module that tell where its data is, and who points there.
#[derive(Default)]
struct Parsed {
    /// The code is the section of this number.
    code_index: u32,
    code_start: usize,
    segments: Vec<Segment>,
    symbols: Vec<Option<DefinedDataSymbol>>,
    code_relocations: Vec<RelocationEntry>,
}

/// A run of data.
struct Segment {
    address: u32,
    bytes: Range<usize>,
}

impl Parsed {
    fn new(module: &[u8]) -> Result<Self> {
        let mut found = Self::default();
        let mut sections = 0;
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            match &payload {
                Payload::CodeSectionStart { range, .. } => {
                    found.code_index = sections;
                    found.code_start = as_usize(range).start;
                }
                Payload::DataSection(segments) => {
                    for segment in segments.clone() {
                        let segment = segment?;
                        let DataKind::Active { offset_expr, .. } = segment.kind else {
                            continue;
                        };
                        let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                            continue;
                        };
                        let end = as_usize(&segment.range).end;
                        found.segments.push(Segment {
                            address: value.cast_unsigned(),
                            bytes: end - segment.data.len()..end,
                        });
                    }
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            if let Linking::SymbolTable(table) = part? {
                                found.symbols = table
                                    .into_iter()
                                    .map(|symbol| Ok(defined(&symbol?)))
                                    .collect::<Result<_>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(relocations) if relocations.section_index() == found.code_index => {
                        found.code_relocations =
                            relocations.entries().into_iter().collect::<Result<_, _>>()?;
                    }
                    _ => {}
                },
                _ => {}
            }
            sections += u32::from(payload.as_section().is_some());
        }
        ensure!(
            !found.code_relocations.is_empty(),
            "the wasm was linked without --emit-relocs"
        );
        Ok(found)
    }

    /// Where in the file an address is.
    fn place_of(&self, address: u32) -> Option<usize> {
        self.segments.iter().find_map(|segment| {
            let at = segment.bytes.start + address.checked_sub(segment.address)? as usize;
            segment.bytes.contains(&at).then_some(at)
        })
    }
}

fn defined(symbol: &SymbolInfo<'_>) -> Option<DefinedDataSymbol> {
    match symbol {
        SymbolInfo::Data { symbol, .. } => *symbol,
        _ => None,
    }
}

/// The places that panics name: path, line and column.
struct Places {
    /// Their symbols.
    all: BTreeSet<u32>,
    /// The symbol of the place that stands for all.
    one: u32,
    address: u32,
    /// Where in the file it is, and its path.
    at: usize,
    path: Range<usize>,
}

impl Places {
    fn of(parsed: &Parsed, module: &[u8]) -> Result<Self> {
        let mut all = BTreeSet::new();
        let mut shortest: Option<Self> = None;
        for (number, symbol) in parsed.symbols.iter().enumerate() {
            let Some((address, at, path)) = symbol.and_then(|symbol| place(parsed, module, symbol)) else {
                continue;
            };
            let number = u32::try_from(number)?;
            all.insert(number);
            if shortest
                .as_ref()
                .is_none_or(|shortest| path.len() < shortest.path.len())
            {
                shortest = Some(Self {
                    all: BTreeSet::new(),
                    one: number,
                    address,
                    at,
                    path,
                });
            }
        }
        let one = shortest.context("no panic names its place")?;
        Ok(Self { all, ..one })
    }

    fn is_asked_for(&self, relocation: &RelocationEntry) -> bool {
        relocation.ty == RelocationType::MemoryAddrSleb
            && relocation.addend == 0
            && self.all.contains(&relocation.index)
    }

    /// Has the code name the one place, and the one place nothing.
    fn forget(&self, parsed: &Parsed, module: &mut [u8]) {
        for relocation in parsed.code_relocations.iter().filter(|it| self.is_asked_for(it)) {
            let at = parsed.code_start + relocation.offset as usize;
            for (number, byte) in module[at..at + 5].iter_mut().enumerate() {
                let more = if number < 4 { 0x80 } else { 0 };
                let part = (self.address >> (7 * number)) & 0x7f;
                *byte = u8::try_from(part).expect("seven bits") | more;
            }
        }
        module[self.at + 8..self.at + 16].fill(0);
        module[self.path.clone()].fill(b'?');
    }

    /// The relocations of the code after [`Self::forget`].
    fn relocations(&self, parsed: &Parsed, section: &RelocSectionReader<'_>) -> Result<Vec<u8>> {
        let mut written = Vec::new();
        section.section_index().encode(&mut written);
        u32::try_from(parsed.code_relocations.len())?.encode(&mut written);
        for relocation in &parsed.code_relocations {
            let symbol = if self.is_asked_for(relocation) {
                self.one
            } else {
                relocation.index
            };
            written.push(relocation.ty as u8);
            relocation.offset.encode(&mut written);
            symbol.encode(&mut written);
            if relocation.ty.addend_kind() != wasmparser::RelocAddendKind::None {
                relocation.addend.encode(&mut written);
            }
        }
        Ok(written)
    }
}

/// The address of a place, where in the file it is, and where its path is without `.rs`; `None` for
/// data that is none: a text that ends so, then two numbers.
fn place(parsed: &Parsed, module: &[u8], symbol: DefinedDataSymbol) -> Option<(u32, usize, Range<usize>)> {
    let address = parsed.segments.get(symbol.index as usize)?.address + symbol.offset;
    let at = parsed.place_of(address)?;
    let (path, _) = module
        .get(at..at + 16)
        .filter(|_| symbol.size == 16)?
        .split_first_chunk()?;
    let length: [u8; 4] = module[at + 4..at + 8].try_into().ok()?;
    let start = parsed.place_of(u32::from_le_bytes(*path))?;
    let text = module.get(start..start.checked_add(u32::from_le_bytes(length) as usize)?)?;
    let name = text.strip_suffix(b"\0").unwrap_or(text).strip_suffix(b".rs")?;
    Some((address, at, start..start + name.len()))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ConstExpr, DataSection, DataSymbolDefinition, Function, FunctionSection, LinkingSection,
        SymbolTable, TypeSection,
    };

    use super::*;

    const LOAD: u8 = 0x41;
    const DROP: u8 = 0x1a;
    const END: u8 = 0x0b;

    /// Two functions, each of which names the place at 16, and another place at 32.
    fn linked() -> Vec<u8> {
        let mut data = b"long.rs\0a.rs\0\0\0\0".to_vec();
        for number in [0, 8, 7, 7, 8, 5, 7, 7_u32] {
            data.extend(number.to_le_bytes());
        }
        let mut symbols = SymbolTable::new();
        for offset in [16, 32] {
            symbols.data(
                0,
                "place",
                Some(DataSymbolDefinition {
                    index: 0,
                    offset,
                    size: 16,
                }),
            );
        }
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut function = Function::new([]);
        function.raw([LOAD, 0x90, 0x80, 0x80, 0x80, 0x00, DROP, END]);
        // The addresses are behind the count of functions, a length, the count of locals, and `LOAD`.
        let kind = RelocationType::MemoryAddrSleb as u8;
        let relocations = [2, 2, kind, 4, 0, 0, kind, 14, 0, 0];
        let mut module = Module::new();
        module
            .section(&types)
            .section(FunctionSection::new().function(0).function(0))
            .section(CodeSection::new().function(&function).function(&function))
            .section(DataSection::new().active(0, &ConstExpr::i32_const(0), data))
            .section(LinkingSection::new().symbol_table(&symbols))
            .section(&custom("reloc.CODE", &relocations));
        module.finish()
    }

    #[test]
    fn every_panic_names_the_same_place() {
        let lean = leaner(&linked()).unwrap();

        let holds = |part: &[u8]| lean.windows(part.len()).any(|at| at == part);
        assert!(holds(b"long.rs\0?.rs\0"));
        assert!(holds(&[8, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert!(holds(&[LOAD, 0xa0, 0x80, 0x80, 0x80, 0x00, DROP]));
        assert!(holds(b"reloc.CODE\x02\x02\x04\x04\x01\x00\x04\x0e\x01\x00"));
    }

    #[test]
    fn wasm_without_relocations_is_refused() {
        assert!(leaner(&Module::new().finish()).is_err());
        assert!(leaner(b"no wasm").is_err());
    }

    #[test]
    fn offers_of_classes_are_withdrawn() {
        let offers = |offers: &[&str]| -> Vec<u8> {
            let sized =
                |text: &str| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
            offers
                .iter()
                .flat_map(|offer| [sized("version"), sized(offer)].concat())
                .collect()
        };

        assert_eq!(
            without_classes(&offers(&["fetch", "IntoUnderlyingSink close", "then"])).unwrap(),
            offers(&["fetch", "then"])
        );
        assert!(without_classes(&offers(&["fetch"])[..19]).is_err());
    }
}
