//! Packs the built site into the binary: trunk's files in `dist/`, and every page rendered into
//! trunk's `index.html`. Each file comes as it is, with brotli and gzip, and an entity tag; the hashes
//! of the inline scripts and styles go into the Content-Security-Policy.
//!
//! Without `dist/` the server still builds, and says on every page that the site is missing.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use frontend::render;
use sha2::{Digest, Sha256};

/// Below this a compressed copy saves nothing.
const MIN_COMPRESSED: usize = 256;

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../dist");
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../dist");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let mut packer = Packer {
        out: out.clone(),
        // An unoptimised compressor at its best level would take a minute; debug builds are not shipped.
        quality: match env::var("PROFILE").as_deref() {
            Ok("release") => 11,
            _ => 5,
        },
        packed: 0,
    };

    let mut paths = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut paths)?;
    }
    paths.sort();
    let mut frame = None;
    let mut files = String::from("&[\n");
    let mut scripts = Vec::new();
    for path in &paths {
        let name = path
            .strip_prefix(&dist)
            .expect("found below dist")
            .to_string_lossy()
            .replace('\\', "/");
        let body = fs::read(path)?;
        if name == "index.html" {
            frame = Some(with_styles(&String::from_utf8_lossy(&body), &dist)?);
        } else if path.extension().is_none_or(|extension| extension != "css") {
            writeln!(files, "{},", packer.pack(&name, &body)?).expect(ENDLESS);
            if path.extension().is_some_and(|extension| extension == "js") {
                scripts.push(format!("/{name}"));
            }
        }
    }
    fs::write(out.join("script_paths.txt"), scripts.join("\n"))?;
    fs::write(out.join("site_files.rs"), files + "]")?;

    let mut pages = String::from("&[\n");
    if let Some(frame) = &frame {
        for path in render::paths().chain([render::NOT_FOUND]) {
            for signed_in_hint in [false, true] {
                let visit = render::Visit {
                    path: path.to_owned(),
                    signed_in_hint,
                    ..render::Visit::default()
                };
                let document = render::page(visit).into_document(frame);
                let file = packer.pack("index.html", document.as_bytes())?;
                writeln!(
                    pages,
                    "Page {{ path: {path:?}, signed_in_hint: {signed_in_hint}, file: {file} }},"
                )
                .expect(ENDLESS);
            }
        }
    }
    fs::write(out.join("site_pages.rs"), pages + "]")?;
    let frame = frame.unwrap_or_default();
    fs::write(out.join("script_hashes.txt"), hashes(&frame, "script"))?;
    fs::write(out.join("style_hashes.txt"), hashes(&frame, "style"))?;
    fs::write(out.join("frame.html"), frame)
}

const ENDLESS: &str = "a string takes everything";

/// The page with its style sheets inside: one round trip until something is seen.
fn with_styles(html: &str, dist: &Path) -> io::Result<String> {
    html.split_inclusive('>')
        .map(|part| {
            let (before, tag) = part.split_at(part.rfind('<').unwrap_or_default());
            if !(tag.starts_with("<link") && tag.contains("stylesheet")) {
                return Ok(part.to_owned());
            }
            let href = tag.split("href=").nth(1).expect("the link has an address");
            let href = href
                .trim_matches('"')
                .split(['"', ' ', '>'])
                .next()
                .unwrap_or_default();
            let style = fs::read_to_string(dist.join(href.trim_start_matches('/')))?;
            Ok(format!("{before}<style>{}</style>", style.trim()))
        })
        .collect()
}

struct Packer {
    out: PathBuf,
    quality: u32,
    packed: usize,
}

impl Packer {
    /// Writes the copies of a file; gives the Rust expression for it.
    fn pack(&mut self, path: &str, body: &[u8]) -> io::Result<String> {
        let number = self.packed;
        self.packed += 1;
        let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..12]);
        let identity = format!("{number}.raw");
        fs::write(self.out.join(&identity), body)?;
        let brotli = self.copy(&format!("{number}.br"), body.len(), brotli(body, self.quality)?)?;
        let gzip = self.copy(&format!("{number}.gz"), body.len(), gzip(body)?)?;
        Ok(format!(
            "File {{ path: {path:?}, etag: {:?}, identity: include_bytes!({identity:?}), brotli: {brotli}, gzip: {gzip} }}",
            format!("\"{tag}\""),
        ))
    }

    /// Writes a compressed copy if it is worth it.
    fn copy(&self, name: &str, raw_len: usize, packed: Vec<u8>) -> io::Result<String> {
        if raw_len < MIN_COMPRESSED || packed.len() >= raw_len {
            return Ok("None".to_owned());
        }
        fs::write(self.out.join(name), packed)?;
        Ok(format!("Some(include_bytes!({name:?}))"))
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() {
            collect(&path, files)?;
        } else if !hidden {
            files.push(path);
        }
    }
    Ok(())
}

fn brotli(body: &[u8], quality: u32) -> io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, quality, 24);
    writer.write_all(body)?;
    Ok(writer.into_inner())
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(body)?;
    writer.finish()
}

/// ` 'sha256-…'` for each inline element of this name. A nonce would be the same for everybody,
/// because the pages are built once (SECURITY-BAR T-52).
fn hashes(html: &str, element: &str) -> String {
    assert!(
        !html.contains("nonce="),
        "dist/index.html must not carry a fixed nonce"
    );
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut hashes = String::new();
    let mut rest = html;
    while let Some(start) = rest.find(&open) {
        let open_end = start + rest[start..].find('>').expect("a tag ends") + 1;
        let tag = &rest[start..open_end];
        let end = open_end + rest[open_end..].find(&close).expect("an element ends");
        if !tag.contains("src=") {
            let hash = STANDARD.encode(Sha256::digest(&rest[open_end..end]));
            write!(hashes, " 'sha256-{hash}'").expect(ENDLESS);
        }
        rest = &rest[end..];
    }
    hashes
}
