//! Copies of a database, made while others read and write it.
//!
//! What must stay true: a copy gets its name only once it is whole and on disk, and never the name of an existing file.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::open::{self, FILE};
use crate::BackupError;

/// The number of pages that are copied between two checks whether to stop: some milliseconds of work.
const PAGES_BETWEEN_CHECKS: i32 = 1_024;
/// The pause after a step that found the source locked.
const LOCKED_PAUSE: Duration = Duration::from_millis(5);

/// Copies the database of a folder that no process uses, as it is, whatever its version.
pub(super) fn of_folder(folder: &Path, to: &Path) -> Result<(), BackupError> {
    open::find(folder)?;
    let _lock = open::lock(folder)?;
    copy(folder, to, || false)
}

/// Copies the database of a folder that this process has locked. Gives up once `stopped` returns true.
pub(super) fn copy(folder: &Path, to: &Path, stopped: impl Fn() -> bool) -> Result<(), BackupError> {
    let failed = |why| BackupError::File { to: to.to_owned(), why };
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let target = std::path::absolute(to).map_err(failed)?;
    let beside = target.parent().unwrap_or(&target);
    // Removed when it is dropped, unless it gets its name.
    let draft = tempfile::Builder::new().prefix(".quintet-backup-").tempfile_in(beside).map_err(failed)?;
    let whole = fill(draft.path(), folder, stopped).map_err(|why| BackupError::Database { to: to.to_owned(), why })?;
    if !whole {
        return Err(BackupError::Stopped);
    }
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist_noclobber(&target).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => failed(error.error),
    })?;
    File::open(beside).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Copies the database of a folder into an empty file. Returns whether it was copied whole.
fn fill(draft: &Path, folder: &Path, stopped: impl Fn() -> bool) -> rusqlite::Result<bool> {
    let source = open::connect(folder.join(FILE))?;
    // All steps copy the state that this transaction sees; without it, each commit would make them begin again.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    let mut copy = Connection::open(draft)?;
    // A draft needs no journal. It is synced as a whole.
    copy.pragma_update(None, "journal_mode", "MEMORY")?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    let backup = Backup::new(&snapshot, &mut copy)?;
    while !stopped() {
        match backup.step(PAGES_BETWEEN_CHECKS)? {
            StepResult::Done => return Ok(true),
            StepResult::More => {}
            // Also results that a later version of SQLite may have: they ask for another try.
            _ => std::thread::sleep(LOCKED_PAUSE),
        }
    }
    Ok(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use std::cell::Cell;
    use std::ffi::OsString;

    use super::*;
    use crate::{Location, OpenError};

    /// The names of the files in a folder.
    fn names(folder: &Path) -> Vec<OsString> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    /// A folder with a database that takes several steps to copy.
    fn large() -> (tempfile::TempDir, open::Opened) {
        let folder = tempfile::tempdir().unwrap();
        let opened = open::open(&Location::Folder(folder.path().to_owned())).unwrap();
        opened
            .writer
            .execute_batch(
                "CREATE TABLE filler (bytes BLOB);
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
                     INSERT INTO filler SELECT zeroblob(8000000) FROM n;",
            )
            .unwrap();
        (folder, opened)
    }

    /// A copy is one state, whatever is written meanwhile.
    #[test]
    fn writes_go_on_beside_a_copy() {
        let (folder, opened) = large();
        let copies = tempfile::tempdir().unwrap();
        let to = copies.path().join("copy");
        let steps = Cell::new(0);
        let write_between_steps = || {
            steps.set(steps.get() + 1);
            opened.writer.execute("INSERT INTO filler VALUES (x'00')", []).unwrap();
            false
        };
        copy(folder.path(), &to, write_between_steps).unwrap();
        assert!(steps.get() > 2, "{} steps", steps.get());
        assert_eq!(names(copies.path()), ["copy"]);
        let copy = Connection::open(&to).unwrap();
        let rows: i64 = copy.query_row("SELECT count(*) FROM filler", [], |row| row.get(0)).unwrap();
        let state: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!((rows, state.as_str()), (3, "ok"));
    }

    #[test]
    fn a_copy_that_is_stopped_or_fails_leaves_nothing() {
        let (folder, _opened) = large();
        let copies = tempfile::tempdir().unwrap();
        let to = copies.path().join("copy");
        let steps = Cell::new(0);
        let stopped = copy(folder.path(), &to, || steps.replace(steps.get() + 1) == 2);
        assert!(matches!(stopped, Err(BackupError::Stopped)), "{stopped:?}");
        assert!(names(copies.path()).is_empty());
        // A file that comes to exist meanwhile is not replaced.
        let taken = copy(folder.path(), &to, || {
            std::fs::write(&to, "mine").unwrap();
            false
        });
        assert!(matches!(taken, Err(BackupError::Exists(_))), "{taken:?}");
        assert!(matches!(copy(folder.path(), &to, || false), Err(BackupError::Exists(_))));
        assert_eq!((names(copies.path()), std::fs::read(&to).unwrap()), (vec!["copy".into()], b"mine".to_vec()));
        let nowhere = copy(folder.path(), &copies.path().join("no folder/copy"), || false);
        assert!(matches!(nowhere, Err(BackupError::File { .. })), "{nowhere:?}");
    }

    /// Only the process that owns the folder copies from it.
    #[test]
    fn a_folder_in_use_is_refused() {
        let (folder, opened) = large();
        let to = folder.path().join("copy");
        let refused = of_folder(folder.path(), &to);
        assert!(matches!(refused, Err(BackupError::Open(OpenError::Locked(_)))), "{refused:?}");
        drop(opened);
        of_folder(folder.path(), &to).unwrap();
        assert!(to.exists());
    }
}
