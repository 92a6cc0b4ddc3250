//! A picture is decoded by this very program, started once more: a process whose memory and time
//! the system bounds, which knows no secret and is gone afterwards.
//!
//! It reads the file from its input and writes one byte that says how it went; after [`DONE`]
//! follow the length of the larger picture (four bytes, the least first), that picture, and the
//! smaller one.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    process::{ExitCode, Stdio},
};

use shared::avatar::MAX_BYTES;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    time::timeout,
};

use super::{Avatar, DECODE_TIME, Refusal, convert};

/// The first argument that makes the program a helper.
pub const HELPER_ARGUMENT: &str = "decode-picture";

/// The most memory that a helper may have, in bytes (128 MiB).
const MAX_MEMORY: u64 = 128 * 1024 * 1024;
/// The most that a helper answers, in bytes.
const MAX_ANSWER: u64 = 2 * 1024 * 1024;

const DONE: u8 = 0;
const REFUSALS: [(u8, Refusal); 5] = [
    (1, Refusal::NoPicture),
    (2, Refusal::TooLong),
    (3, Refusal::TooManyPixels),
    (4, Refusal::TooSlow),
    (5, Refusal::Unwritten),
];

/// Has a helper make the avatar.
///
/// # Errors
/// When it cannot be started.
pub(super) async fn convert_in(helper: &Path, original: &[u8]) -> anyhow::Result<Result<Avatar, Refusal>> {
    let mut child = Command::new(helper)
        .arg(HELPER_ARGUMENT)
        .env_clear()
        // The allocator would take a gigabyte of addresses at once, which count.
        .env("MIMALLOC_ARENA_RESERVE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        anyhow::bail!("the helper has no pipes");
    };
    let mut answer = Vec::new();
    let work = async {
        let write = async move {
            // A helper that has seen enough reads no further.
            drop(input.write_all(original).await);
        };
        let mut output = output.take(MAX_ANSWER);
        let ((), read) = tokio::join!(write, output.read_to_end(&mut answer));
        read
    };
    // It ends by itself in that time; a stopped process does not.
    let Ok(read) = timeout(2 * DECODE_TIME, work).await else {
        child.kill().await?;
        return Ok(Err(Refusal::TooSlow));
    };
    read?;
    let status = child.wait().await?;
    Ok(avatar(&answer).unwrap_or_else(|| Err(ended(status))))
}

fn avatar(answer: &[u8]) -> Option<Result<Avatar, Refusal>> {
    let (how, rest) = answer.split_first()?;
    if *how != DONE {
        let known = REFUSALS.iter().find(|(code, _)| code == how)?;
        return Some(Err(known.1));
    }
    let (length, pictures) = rest.split_at_checked(4)?;
    let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (picture, small) = pictures.split_at_checked(length)?;
    Some(Ok(Avatar {
        picture: picture.to_vec(),
        small: (!small.is_empty()).then(|| small.to_vec()),
    }))
}

/// Why a helper said nothing: the system ended it, for want of time or of memory.
fn ended(status: std::process::ExitStatus) -> Refusal {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGXCPU: i32 = 24;
        if status.signal() == Some(SIGXCPU) {
            return Refusal::TooSlow;
        }
    }
    tracing::warn!(%status, "a picture's helper ended without an answer");
    Refusal::TooManyPixels
}

/// What the program does when it is started as a helper.
pub fn run_helper() -> ExitCode {
    if limit().is_err() {
        return ExitCode::FAILURE;
    }
    let mut original = Vec::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut original);
    if read.is_err() {
        return ExitCode::FAILURE;
    }
    // A decoder that panics has met a file that is no sound picture.
    std::panic::set_hook(Box::new(|_| ()));
    let avatar = std::panic::catch_unwind(|| convert(original)).unwrap_or(Err(Refusal::NoPicture));
    let answer = match avatar {
        Ok(Avatar { picture, small }) => {
            let length = u32::try_from(picture.len()).unwrap_or_default().to_le_bytes();
            [&[DONE], &length[..], &picture, &small.unwrap_or_default()].concat()
        }
        Err(refusal) => {
            let code = REFUSALS.iter().find(|(_, known)| *known == refusal);
            vec![code.map_or(1, |(code, _)| *code)]
        }
    };
    match std::io::stdout().lock().write_all(&answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Bounds this process.
#[cfg(unix)]
fn limit() -> std::io::Result<()> {
    use rlimit::Resource;
    let seconds = DECODE_TIME.as_secs();
    Resource::CPU.set(seconds, seconds + 1)?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::DATA.set(MAX_MEMORY, MAX_MEMORY)
}

#[cfg(not(unix))]
fn limit() -> std::io::Result<()> {
    let _ = MAX_MEMORY;
    Ok(())
}
