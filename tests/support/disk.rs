//! Disks that are full, and programs that are started in odd ways.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::{TestBinary, program};

/// The program, started by this line of a shell script; `latchkey` is its name there.
pub async fn start_by(folder: &TempDir, line: &str, env: &[(&str, &str)]) -> TestBinary {
    let script = folder.path().join("start");
    let line = line.replace("latchkey", &format!("\"{}\" \"$@\"", program().display()));
    fs::write(&script, format!("#!/bin/sh\n{line}\n")).expect("the folder is there");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("the script is ours");
    TestBinary::start_program(script, env).await
}

/// Lets no file of the process grow: as a full disk, and without rights that a developer lacks.
/// `false` where the command is missing.
pub fn limit_files(binary: &TestBinary, limit: &str) -> bool {
    let pid = binary.pid().to_string();
    let limit = format!("--fsize={limit}:");
    match Command::new("prlimit").args(["--pid", &pid, &limit]).status() {
        Ok(status) => {
            assert!(status.success(), "prlimit {limit}: {status}");
            true
        }
        Err(error) => {
            eprintln!("NOT TESTED: a full disk needs the command prlimit (util-linux): {error}");
            false
        }
    }
}

/// A file system of its own, which is really full.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where it cannot be mounted: that takes root.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let folder = TempDir::new().expect("temporary folders can be made");
        let options = format!("size={mebibytes}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("NOT TESTED: a small disk cannot be mounted here; that takes root");
        None
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A folder that is still used stays until the machine ends.
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}
