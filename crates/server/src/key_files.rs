//! Keys in files of the data folder: the key of tokens, the key of push messages, and the secret that version 0.1 made for
//! itself.
//!
//! What must stay true: a key that was made is stored, and on disk, before anything is signed with it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::failure::Failure;

/// A file of a key in the data folder: the key in hexadecimal, and when it was created, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyFile {
    /// The name of the file.
    name: &'static str,
    /// What is done with the key.
    does: &'static str,
    /// What ends if the key is lost.
    loses: &'static str,
}

/// The file of the key that tokens are signed with.
pub(crate) const TOKEN: KeyFile = KeyFile { name: "token-key", does: "signs tokens", loses: "ends all sessions" };
/// The file of the key by which push services know the server.
pub(crate) const PUSH: KeyFile =
    KeyFile { name: "push-key", does: "signs push messages", loses: "ends all subscriptions to push messages" };

/// Returns the path of the file of a key in a data folder.
pub(crate) fn path(folder: &Path, file: KeyFile) -> PathBuf {
    folder.join(file.name)
}

/// The file in which version 0.1 kept the secret that it created if none was configured.
const RETIRED_FILE: &str = "jwt-secret";
/// The number of bytes of a generated key.
const BYTES: usize = 32;

/// A key, and when it was made.
pub(crate) struct Made {
    /// The bytes of the key.
    pub(crate) key: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub(crate) made_s: i64,
}

/// Returns the key in a file of a data folder. It is made and stored, with mode 0600, if there is none.
pub(crate) fn own(folder: &Path, file: KeyFile, make: impl FnOnce() -> Result<Made, Failure>) -> Result<Made, Failure> {
    match in_folder(folder, file)? {
        Some(key) => Ok(key),
        None => {
            let path = folder.join(file.name);
            create(&path, &make()?)?;
            // Another process may have stored one first.
            load(&path, file)
        }
    }
}

/// Makes a key of random bytes, in hexadecimal.
pub(crate) fn make() -> Result<Made, Failure> {
    Ok(Made { key: generate()?.into_bytes(), made_s: now_s() })
}

/// Makes a key of given bytes, in hexadecimal.
pub(crate) fn made_of(bytes: &[u8]) -> Made {
    Made { key: hexadecimal(bytes).into_bytes(), made_s: now_s() }
}

/// Returns the bytes of a key, which is in hexadecimal; `None` if it is not.
pub(crate) fn bytes_of(key: &Made) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(&key.key).ok().filter(|text| text.is_ascii() && text.len().is_multiple_of(2))?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Returns the key in a file of a data folder, if there is one.
pub(crate) fn in_folder(folder: &Path, file: KeyFile) -> Result<Option<Made>, Failure> {
    let path = folder.join(file.name);
    let failed = |error: std::io::Error| format!("cannot use {}: {error}", path.display());
    if path.try_exists().map_err(failed)? { load(&path, file).map(Some) } else { Ok(None) }
}

/// Returns the secret of version 0.1 that a data folder has, if any.
pub(crate) fn retired_in_folder(folder: &Path) -> Result<Option<Made>, Failure> {
    Ok(retired(&folder.join(RETIRED_FILE))?.map(|key| Made { key, made_s: now_s() }))
}

/// Stores a key in a file of a data folder that has none, or the same one.
///
/// # Errors
/// A sentence for the operator, also if the folder has another key.
pub(crate) fn keep_in_folder(folder: &Path, file: KeyFile, key: &Made) -> Result<(), Failure> {
    let path = folder.join(file.name);
    match in_folder(folder, file)? {
        Some(found) if found.key == key.key => Ok(()),
        Some(_) => Err(format!("{} holds another key; move it away first", path.display())),
        None => create(&path, key),
    }
}

/// Stores the secret of version 0.1 in a data folder.
pub(crate) fn keep_retired_in_folder(folder: &Path, key: &Made) -> Result<(), Failure> {
    let path = folder.join(RETIRED_FILE);
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&key.key)?;
        file.sync_all()
    };
    write().map_err(|error: std::io::Error| format!("cannot create {}: {error}", path.display()))
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Returns a key of random bytes in hexadecimal.
fn generate() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| format!("the operating system gives no random bytes: {error}"))?;
    Ok(hexadecimal(&bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn load(path: &Path, file: KeyFile) -> Result<Made, Failure> {
    let failed = |error: std::io::Error| format!("cannot use {}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let (key, made_s) = text.trim().split_once(' ').unwrap_or_default();
    let made_s = made_s.parse().ok().filter(|_| key.len() >= 2 * BYTES);
    let made_s = made_s.ok_or_else(|| {
        format!("{} holds no key; remove it to have a new one made, which {}", path.display(), file.loses)
    })?;
    warn_of_readers(path, file);
    Ok(Made { key: key.as_bytes().to_vec(), made_s })
}

/// Stores a key atomically, unless there is one: two processes that start at once end up with the same key.
fn create(path: &Path, key: &Made) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("cannot create {}: {error}", path.display());
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let text = [&key.key[..], format!(" {}\n", key.made_s).as_bytes()].concat();
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        });
    // A link never replaces an existing file, while a rename does. Not every file system supports links.
    let linked = written.and_then(|()| match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(_) => std::fs::rename(&draft, path),
        Ok(()) => Ok(()),
    });
    let _ = std::fs::remove_file(&draft);
    linked.map_err(failed)?;
    // The folder is synced as well. Otherwise a crash could lose the key, and with it all that depends on it.
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all()).map_err(failed)
}

fn warn_of_readers(path: &Path, file: KeyFile) {
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            "others on this machine can read the key that {}; set its mode to 0600",
            file.does
        );
    }
}

/// Reads the secret of version 0.1, if there is one.
fn retired(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(path) {
        Ok(secret) => Ok(Some(secret.trim_ascii().to_vec()).filter(|secret| !secret.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot use {}: {error}", path.display())),
    }
}
