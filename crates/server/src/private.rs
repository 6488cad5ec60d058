//! Keeps the data folder private to its owner, whatever the umask was when it was created.

use std::ffi::OsStr;
use std::fs::{Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::geteuid;

/// The mode of folders, for the owner only.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;
/// The sticky bit, set on shared folders like `/tmp`, whose mode is not changed.
const STICKY: u32 = 0o1000;
/// The permission bits of a file, without its type.
const MODE: u32 = 0o7777;

/// Returns whether a name in the data folder belongs to the server. Others are not the server's to change.
fn is_own(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    matches!(&*name, "quintet.lock" | "token-key" | "push-key" | "jwt-secret" | "files")
        || name.starts_with("quintet.sqlite3")
}

/// Restricts the data folder, and what the server keeps in it, to the owner, and logs what it changes. What cannot be
/// changed, or belongs to another user, is left as it is with a warning, because the operator may protect it by other
/// means.
pub(crate) fn narrow(folder: &Path) {
    let Ok(found) = std::fs::metadata(folder) else { return };
    if found.mode() & STICKY != 0 {
        let mode = found.mode() & MODE;
        tracing::warn!(
            "{} is a shared folder (mode {mode:o}); the data should have a folder of its own",
            folder.display()
        );
        return;
    }
    let was_open = set(folder, &found, FOLDER);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_own(&entry.file_name())) {
        // The contents of a private folder are unreachable to others, and files can be many, so they are not all
        // checked.
        if let Err(error) = inside(&entry.path(), was_open) {
            tracing::warn!("{} could not be checked: {error}", entry.path().display());
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
    // The superuser could also change the files of other users.
    if found.uid() != geteuid().as_raw() {
        tracing::warn!("{} is open to others (mode {had:o}) and belongs to another user", path.display());
        return true;
    }
    match std::fs::set_permissions(path, Permissions::from_mode(mode)) {
        Ok(()) => tracing::warn!("{} was open to others (mode {had:o}); its mode is now {mode:o}", path.display()),
        Err(error) => {
            tracing::warn!("{} is open to others (mode {had:o}), and that cannot be changed: {error}", path.display());
        }
    }
    true
}
