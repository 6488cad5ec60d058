//! Keeps the data folder private to its owner, whatever the umask was when it was made.

use std::fs::{Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Mode of folders and files.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;
/// The sticky bit, of shared folders like `/tmp`, which are not narrowed.
const STICKY: u32 = 0o1000;
/// The permission bits of a file, without its type.
const MODE: u32 = 0o7777;

/// Narrows the folder of the data, and all that is in it, to its owner, and says so in the log. What cannot be narrowed
/// is warned of: the server runs on, for the operator may have other means.
pub(crate) fn narrow(folder: &Path) {
    let Ok(found) = std::fs::metadata(folder) else { return };
    if found.mode() & STICKY != 0 {
        let mode = found.mode() & MODE;
        tracing::warn!(
            "{} is shared by many (mode {mode:o}); the data should have a folder of its own",
            folder.display()
        );
        return;
    }
    let was_open = set(folder, &found, FOLDER);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        // What a folder holds is out of reach where the folder is, and files can be many.
        if let Err(error) = inside(&entry.path(), was_open) {
            tracing::warn!("{} could not be looked at: {error}", entry.path().display());
        }
    }
}

fn inside(path: &Path, was_open: bool) -> io::Result<()> {
    let found = std::fs::symlink_metadata(path)?;
    if found.is_dir() {
        let open = set(path, &found, FOLDER);
        if was_open || open {
            for entry in std::fs::read_dir(path)? {
                inside(&entry?.path(), true)?;
            }
        }
    } else if found.is_file() {
        set(path, &found, FILE);
    }
    Ok(())
}

/// Removes the permissions of group and others. Returns whether there were any.
fn set(path: &Path, found: &Metadata, mode: u32) -> bool {
    let had = found.mode() & MODE;
    if had & OTHERS == 0 {
        return false;
    }
    match std::fs::set_permissions(path, Permissions::from_mode(mode)) {
        Ok(()) => tracing::warn!("{} was open to others (mode {had:o}); its mode is now {mode:o}", path.display()),
        Err(error) => {
            tracing::warn!("{} is open to others (mode {had:o}), and that cannot be changed: {error}", path.display());
        }
    }
    true
}
