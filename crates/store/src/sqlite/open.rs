//! Opening a database: the folder, the lock, the settings and the migrations.
//!
//! What must stay true: one process at a time has the database of a folder open, and holds the folder's lock meanwhile.
//! All its connections are made by [`connect`], because SQLite's lock of the file belongs to them together.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::checkpoint::{BUSY_TIMEOUT, Parts};
use super::search::SearchParts;
use super::{names, search};
use crate::migrated::Migrated;
use crate::{OpenError, readers};

mod migrations {
    refinery::embed_migrations!("migrations");
}

/// The file name of the database in its folder.
pub(super) const FILE: &str = "quintet.sqlite3";
/// The file name of the mark of a database to which a copy or an import is being written. It says which.
pub(super) const INCOMPLETE: &str = "quintet.incomplete";
/// The file name of the index of messages in its folder.
const SEARCH: &str = "search.sqlite3";
/// The file name of the lock in its folder.
const LOCK: &str = "quintet.lock";
/// SQLite's file access for a file that one process owns. The first connection locks the file for the process until the
/// last one is closed, and the index of the log is kept in this process's memory, so that no transaction makes a system
/// call for a lock.
const OWNED: &str = "unix-excl";
/// The page cache of each reader in KiB, enough for the inner pages of a large database. The operating system's own
/// cache, which all readers share, is behind it.
const READER_CACHE_KIB: i64 = 512;
/// Maximum number of statements that a connection keeps prepared.
const STATEMENTS: usize = 256;

/// The location of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder that no other process uses. It is created, with a database, if it does not exist.
    Folder(PathBuf),
    /// A folder that no other process uses, and that has a database.
    Existing(PathBuf),
    /// The memory of this process, for trials and measurements. The data is lost with the process.
    Memory,
}

impl Location {
    /// The folder of the data; `None` for data in memory.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) | Self::Existing(folder) => Some(folder),
            Self::Memory => None,
        }
    }
}

pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    /// `None` in memory, where there is no log.
    pub(super) checkpoints: Option<Parts>,
    /// The index of messages, which the readers read as well.
    pub(super) search: SearchParts,
    pub(super) lock: Option<std::fs::File>,
}

pub(super) fn open(location: &Location) -> Result<Opened, OpenError> {
    let (path, search_path, folder, lock) = match location {
        Location::Folder(folder) | Location::Existing(folder) => {
            if matches!(location, Location::Existing(_)) {
                find(folder)?;
            }
            make_folder(folder)?;
            let path = |name| folder.join(name).into_os_string();
            (path(FILE), path(SEARCH), folder.as_path(), Some(lock(folder)?))
        }
        Location::Memory => {
            static NUMBER: AtomicU64 = AtomicU64::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = |name| format!("file:/quintet-{number}{name}?vfs=memdb").into();
            (path(""), path("-search"), Path::new("memory"), None)
        }
    };
    if let Some(folder) = location.folder() {
        refuse_incomplete(folder)?;
    }
    let durable = *location != Location::Memory;
    let connect_to = |path: &OsStr| if durable { connect(path) } else { Connection::open(path) };
    let connect = || connect_to(&path);
    let mut writer = connect()?;
    configure(&writer, durable).map_err(|error| refused(error, folder))?;
    bring_up_to_date(&mut writer, folder)?;
    let reader = || -> Result<Connection, OpenError> {
        let reader = connect()?;
        configure(&reader, durable)?;
        reader.pragma_update(None, "query_only", true)?;
        reader.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        Ok(reader)
    };
    let (source, search_file) = (reader()?, durable.then(|| PathBuf::from(&search_path)));
    let index = search::open(&source, || connect_to(&search_path), search_file.as_deref())?;
    let mut readers = Vec::new();
    for _ in 0..readers::connections() {
        let reader = reader()?;
        search::attach(&reader, &search_path, READER_CACHE_KIB)?;
        readers.push(reader);
    }
    let search = SearchParts { index, source, file: search_file };
    let checkpoints = if durable {
        let connection = connect()?;
        configure(&connection, durable)?;
        Some(Parts { connection, path: path.into() })
    } else {
        None
    };
    Ok(Opened { writer, readers, checkpoints, search, lock })
}

/// Connects to the database in a file, which is created if it does not exist. While the process has a connection, no
/// other program can open the file.
pub(super) fn connect(path: impl AsRef<OsStr>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(Path::new(path.as_ref()), flags, OWNED)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Refuses a folder without a database.
pub(super) fn find(folder: &Path) -> Result<(), OpenError> {
    match folder.join(FILE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Missing(folder.to_owned())),
        Err(why) => Err(OpenError::Folder { folder: folder.to_owned(), why }),
    }
}

/// Refuses a folder to which a copy or an import was written only in part.
pub(super) fn refuse_incomplete(folder: &Path) -> Result<(), OpenError> {
    match folder.join(INCOMPLETE).try_exists() {
        Ok(true) => Err(OpenError::Incomplete(format!("the database in {}", folder.display()))),
        Ok(false) => Ok(()),
        Err(why) => Err(OpenError::Folder { folder: folder.to_owned(), why }),
    }
}

/// Marks the database of a folder as incomplete, because `work` begins.
pub(super) fn mark_incomplete(folder: &Path, work: &str) -> std::io::Result<()> {
    let mark = folder.join(INCOMPLETE);
    std::fs::write(&mark, format!("{work} has begun and has not ended\n"))?;
    sync(&mark)?;
    sync(folder)
}

/// Removes the mark.
pub(super) fn mark_complete(folder: &Path) -> std::io::Result<()> {
    std::fs::remove_file(folder.join(INCOMPLETE))?;
    sync(folder)
}

/// Waits until a file or folder is on the disk.
pub(super) fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

pub(super) fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let failed = |why| OpenError::Folder { folder: folder.to_owned(), why };
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Reports an unwritable folder now, in one sentence, rather than at the first write.
    let probe = folder.join(format!(".quintet-probe-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(failed)?;
    std::fs::remove_file(&probe).map_err(failed)
}

/// Locks a folder for this process. The lock ends when the file is closed.
pub(super) fn lock(folder: &Path) -> Result<std::fs::File, OpenError> {
    let failed = |why| OpenError::Folder { folder: folder.to_owned(), why };
    let file =
        std::fs::File::options().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Locked(folder.to_owned())),
        Err(std::fs::TryLockError::Error(why)) => Err(failed(why)),
    }
}

fn configure(conn: &Connection, durable: bool) -> Result<(), rusqlite::Error> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    super::directory::register(conn)?;
    // Statements are planned without looking at bound values; otherwise each new value of a LIMIT would be planned
    // anew.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Deleted content is overwritten in the file, not only hidden from reads.
    conn.pragma_update(None, "secure_delete", true)?;
    if durable {
        conn.pragma_update(None, "journal_mode", "WAL")?;
        // FULL syncs the WAL before a commit returns; anything less could lose acknowledged writes.
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    } else {
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
        conn.pragma_update(None, "synchronous", "OFF")?;
    }
    Ok(())
}

/// The newest schema version that this binary supports.
pub(super) fn known_version() -> i64 {
    let known = migrations::migrations::runner().get_migrations().iter().map(|m| i64::from(m.version())).max();
    known.unwrap_or_default()
}

/// The schema version of a database; 0 if it has no schema yet.
///
/// # Errors
/// [`OpenError::Newer`] if this binary does not support that version.
pub(super) fn version(conn: &Connection, folder: &Path) -> Result<i64, OpenError> {
    let has_history: Option<i64> = conn
        .query_row("SELECT 1 FROM sqlite_master WHERE name = 'refinery_schema_history'", [], |row| row.get(0))
        .optional()?;
    if has_history.is_none() {
        return Ok(0);
    }
    let found: Option<i64> =
        conn.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0))?;
    let (found, known) = (found.unwrap_or_default(), known_version());
    if found > known {
        return Err(OpenError::Newer { folder: folder.to_owned(), found, known });
    }
    Ok(found)
}

/// Migrates the schema and recomputes username keys.
fn bring_up_to_date(conn: &mut Connection, folder: &Path) -> Result<Migrated, OpenError> {
    let migrated = migrate(conn, folder)?;
    // If an earlier version ran on this database after its migration, it created users without keys, whose names others
    // could take.
    let keyless: Option<i64> = conn
        .query_row(
            "SELECT pk FROM user WHERE kind = 'registered' AND erased = 0 AND name_key IS NULL LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if keyless.is_some() {
        conn.execute("DELETE FROM name_keys", [])?;
    }
    names::update_keys(conn)?;
    Ok(migrated)
}

/// Brings the schema up to date.
pub(super) fn migrate(conn: &mut Connection, folder: &Path) -> Result<Migrated, OpenError> {
    let before = version(conn, folder)?;
    let report = migrations::migrations::runner().run(conn);
    let report = report.map_err(|error| OpenError::Migration(error.to_string()))?;
    Ok(Migrated::of(before, &report))
}

/// Brings the database of a folder that no process uses up to date, and does nothing else.
pub(super) fn migrate_folder(folder: &Path) -> Result<Migrated, OpenError> {
    find(folder)?;
    let _lock = lock(folder)?;
    refuse_incomplete(folder)?;
    let mut connection = connect(folder.join(FILE))?;
    configure(&connection, true).map_err(|error| refused(error, folder))?;
    bring_up_to_date(&mut connection, folder)
}

/// The error of opening a database that another program may have open.
fn refused(error: rusqlite::Error, folder: &Path) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => OpenError::InUse(folder.to_owned()),
        _ => error.into(),
    }
}

#[cfg(test)]
mod core_tests;
#[cfg(test)]
mod tests;
