//! Folders and files that only the user of this program may read (SECURITY-BAR T-95).

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use anyhow::{Context, bail};

/// Makes the folder where it is absent, sets the process's umask, and takes every right of others away: of the folder, of what
/// is directly inside it, and of the files in `files/`. Owners keep what they may do.
///
/// # Errors
/// A folder that others use too, and one whose rights cannot be changed; the message says what to do.
pub(crate) fn make_private(folder: &Path) -> anyhow::Result<()> {
    // For what SQLite and the store of files make: they do not ask for a mode.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    create_folder(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let metadata = fs::metadata(folder)?;
    if is_shared(folder, &metadata) {
        bail!(
            "{} is a folder for many programs; choose one below it, which is then made",
            folder.display()
        );
    }
    close(folder, &metadata)?;
    close_inside(folder)?;
    let files = folder.join("files");
    if files.is_dir() {
        close_inside(&files)?;
    }
    Ok(())
}

/// Makes a folder for its owner alone, with those above it; one that is there stays as it is.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How to make a file for its owner alone: never readable for others, not even for a moment.
pub(crate) fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file where there is none; `true`: it was made, or was empty.
///
/// # Errors
/// A path that cannot be written.
pub(crate) fn create(path: &Path) -> anyhow::Result<bool> {
    let file = options().create(true).truncate(false).open(path);
    let file = file.with_context(|| format!("opening {}", path.display()))?;
    Ok(file.metadata()?.len() == 0)
}

fn close_inside(folder: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading the folder {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        match fs::metadata(&path) {
            Ok(metadata) => close(&path, &metadata)?,
            // A link to nothing, or a file that is gone by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("looking at {}", path.display())),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn close(path: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    const OTHERS: u32 = 0o7077;
    let mode = metadata.permissions().mode();
    let folder = if metadata.is_dir() { 0o700 } else { 0 };
    if mode & OTHERS == 0 && mode & folder == folder {
        return Ok(());
    }
    let closed = fs::set_permissions(path, fs::Permissions::from_mode((mode & 0o700) | folder));
    // Some file systems take a change without making it.
    let stays_open = || fs::metadata(path).is_ok_and(|after| after.permissions().mode() & OTHERS != 0);
    match closed {
        Ok(()) if !stays_open() => Ok(()),
        Ok(()) => bail!(
            "{} can be read by others, and its file system keeps no rights; choose a folder on another",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| {
            format!(
                "{} can be read by others, and its rights cannot be changed; give it to the user of this \
                 program, or choose a folder below DATA_DIR that is not there yet",
                path.display()
            )
        }),
    }
}

#[cfg(not(unix))]
fn close(_: &Path, _: &Metadata) -> anyhow::Result<()> {
    Ok(())
}

/// Whether it is the root, or a folder like `/tmp` where everybody may put files.
#[cfg(unix)]
fn is_shared(folder: &Path, metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    let is_root = fs::canonicalize(folder).is_ok_and(|path| path.parent().is_none());
    is_root || metadata.permissions().mode() & 0o1000 != 0
}

#[cfg(not(unix))]
fn is_shared(_: &Path, _: &Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn whatever_was_open_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("files")).unwrap();
        let paths = ["latchkey.db", "latchkey.db-wal", "link.key", "files/a"].map(|path| data.join(path));
        for path in &paths {
            fs::write(path, "x").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
        }
        std::os::unix::fs::symlink("nowhere", data.join("dangling")).unwrap();
        for path in [&data, &data.join("files")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o2777)).unwrap();
        }

        make_private(&data).unwrap();

        assert_eq!((mode(&data), mode(&data.join("files"))), (0o700, 0o700));
        for path in &paths {
            assert_eq!(mode(path), 0o600, "{}", path.display());
        }
    }

    #[test]
    fn a_folder_for_many_programs_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();

        let refusal = make_private(folder.path()).unwrap_err().to_string();

        assert!(refusal.contains("choose one below it"), "{refusal}");
        assert_eq!(mode(folder.path()), 0o1777);
    }
}
