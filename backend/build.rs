//! Packs the built site (`dist/`) into the binary: every file as it is, with brotli and gzip, an
//! entity tag, and the hashes of the page's inline scripts for the Content-Security-Policy.
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
use sha2::{Digest, Sha256};

/// Below this a compressed copy saves nothing.
const MIN_COMPRESSED: usize = 256;

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../dist");
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../dist");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    // An unoptimised compressor at its best level would take a minute; debug builds are not shipped.
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();

    let mut table = String::from("&[\n");
    let mut hashes = String::new();
    for (number, file) in files.iter().enumerate() {
        let body = fs::read(file)?;
        let path = file
            .strip_prefix(&dist)
            .expect("found below dist")
            .to_string_lossy()
            .replace('\\', "/");
        if path == "index.html" {
            hashes = script_hashes(&String::from_utf8_lossy(&body));
        }
        let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..12]);
        let identity = format!("{number}.raw");
        fs::write(out.join(&identity), &body)?;
        let brotli = pack(
            &out,
            &format!("{number}.br"),
            body.len(),
            brotli(&body, if release { 11 } else { 5 })?,
        )?;
        let gzip = pack(&out, &format!("{number}.gz"), body.len(), gzip(&body)?)?;
        writeln!(
            table,
            "File {{ path: {path:?}, etag: {:?}, identity: include_bytes!({identity:?}), brotli: {brotli}, gzip: {gzip} }},",
            format!("\"{tag}\""),
        )
        .expect("a string takes everything");
    }
    table.push(']');
    fs::write(out.join("site_files.rs"), table)?;
    fs::write(out.join("script_hashes.txt"), hashes)
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

/// Writes a compressed copy if it is worth it; gives the Rust expression for it.
fn pack(out: &Path, name: &str, raw_len: usize, packed: Vec<u8>) -> io::Result<String> {
    if raw_len < MIN_COMPRESSED || packed.len() >= raw_len {
        return Ok("None".to_owned());
    }
    fs::write(out.join(name), packed)?;
    Ok(format!("Some(include_bytes!({name:?}))"))
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

/// ` 'sha256-…'` for each script without `src`. A nonce would be the same for everybody, because
/// the page is built once (SECURITY-BAR T-52).
fn script_hashes(html: &str) -> String {
    assert!(
        !html.contains("nonce="),
        "dist/index.html must not carry a fixed nonce"
    );
    let mut hashes = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        let open_end = start + rest[start..].find('>').expect("a tag ends") + 1;
        let tag = &rest[start..open_end];
        let close = open_end + rest[open_end..].find("</script>").expect("a script ends");
        if !tag.contains("src=") {
            write!(
                hashes,
                " 'sha256-{}'",
                STANDARD.encode(Sha256::digest(&rest[open_end..close]))
            )
            .expect("a string takes everything");
        }
        rest = &rest[close..];
    }
    hashes
}
