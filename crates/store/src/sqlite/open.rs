//! Opening the database: the folder, the lock, the settings, the migrations.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, backup::Backup};

use super::names;
use super::readers::Readers;
use crate::{OpenError, StoreError};

mod migrations {
    refinery::embed_migrations!("migrations");
}

/// The name of the database in its folder.
const FILE: &str = "quintet.sqlite3";
/// The name of the lock in its folder.
const LOCK: &str = "quintet.lock";
/// What each of them keeps of the file, in KiB: enough for the inner pages of a large store. Behind it stands the
/// system's own cache, which all of them share.
const READER_CACHE_KIB: i64 = 512;
/// Time that a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 256;

/// Where the data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a folder, for this process alone.
    Folder(PathBuf),
    /// In a folder that another process may be serving: for the command line.
    Shared(PathBuf),
    /// In memory, gone with the process: for trials and measurement.
    Memory,
}

impl Location {
    /// The folder of the data, where it has one.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) | Self::Shared(folder) => Some(folder.clone()),
            Self::Memory => None,
        }
    }
}

pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    pub(super) lock: Option<std::fs::File>,
}

pub(super) fn open(location: &Location) -> Result<Opened, OpenError> {
    let (path, folder, lock) = match location {
        Location::Folder(folder) => {
            make_folder(folder)?;
            (folder.join(FILE).into_os_string(), folder.clone(), Some(lock(folder)?))
        }
        Location::Shared(folder) => {
            make_folder(folder)?;
            (folder.join(FILE).into_os_string(), folder.clone(), None)
        }
        Location::Memory => {
            static NUMBER: AtomicU64 = AtomicU64::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            (format!("file:/quintet-{number}?vfs=memdb").into(), PathBuf::from("memory"), None)
        }
    };
    let durable = *location != Location::Memory;
    let mut writer = Connection::open(&path)?;
    configure(&writer, durable)?;
    migrate(&mut writer, &folder)?;
    names::update_keys(&mut writer)?;
    let mut readers = Vec::new();
    for _ in 0..Readers::connections() {
        let reader = if durable {
            Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
        } else {
            Connection::open(&path)?
        };
        configure(&reader, durable)?;
        reader.pragma_update(None, "query_only", true)?;
        reader.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        readers.push(reader);
    }
    Ok(Opened { writer, readers, lock })
}

fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let failed = |why| OpenError::Folder { folder: folder.to_owned(), why };
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Found out now, in one sentence, rather than at the first write.
    let probe = folder.join(format!(".quintet-probe-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(failed)?;
    std::fs::remove_file(&probe).map_err(failed)
}

fn lock(folder: &Path) -> Result<std::fs::File, OpenError> {
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
    // Plans are made once, without a look at the values: else each new value of a LIMIT has its statement made anew.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is gone from the file as well, not only from what is read of it.
    conn.pragma_update(None, "secure_delete", true)?;
    if durable {
        conn.pragma_update(None, "journal_mode", "WAL")?;
        // FULL syncs the log before a commit returns; anything less could lose what was acknowledged.
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    } else {
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
        conn.pragma_update(None, "synchronous", "OFF")?;
    }
    Ok(())
}

fn migrate(conn: &mut Connection, folder: &Path) -> Result<(), OpenError> {
    let known = migrations::migrations::runner().get_migrations().iter().map(|m| i64::from(m.version())).max();
    let known = known.unwrap_or_default();
    let has_history: Option<i64> = conn
        .query_row("SELECT 1 FROM sqlite_master WHERE name = 'refinery_schema_history'", [], |row| row.get(0))
        .optional()?;
    if has_history.is_some() {
        let found: Option<i64> =
            conn.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0))?;
        if let Some(found) = found
            && found > known
        {
            return Err(OpenError::Newer { folder: folder.to_owned(), found, known });
        }
    }
    migrations::migrations::runner().run(conn).map(|_| ()).map_err(|error| OpenError::Migration(error.to_string()))
}

/// Writes a page of the file as it is.
pub(super) fn write_nothing(conn: &Connection) -> Result<(), rusqlite::Error> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    conn.pragma_update(None, "user_version", version)
}

/// Copies the database, without stopping the writer.
pub(super) fn backup(conn: &Connection, to: &Path) -> Result<(), StoreError> {
    let mut copy = Connection::open(to)?;
    // In one step, from one snapshot: a copy in steps starts again whenever somebody commits in between.
    let backup = Backup::new(conn, &mut copy)?;
    backup.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use quintet_domain::{Timestamp, UserId};
    use refinery::Target;

    use super::super::{directory, lists, meetup_lists, missed, users};
    use super::*;
    use crate::{MeetupFilter, Which};

    /// A database of version 0.1 keeps its guests and its accounts, those included that were made of guests. Its guests'
    /// rooms have no secret, so that whoever claims their owner's id is a guest like others.
    #[test]
    fn guests_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
        migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO user (pk, id, kind, username, username_key, name, created_at) VALUES
                 (1, '42', 'registered', 'was a guest', 'was a guest', 'n', 0), (2, 'g', 'guest', 'g', NULL, 'g', 0);
             INSERT INTO conversation (pk, id, kind, open, owner_pk, made_by_guest, created_at, updated_at) VALUES
                 (1, 'adopted', 'room', 1, 1, 1, 0, 0), (2, 'guests', 'room', 1, 2, 1, 0, 0);
             INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence) VALUES
                 (1, 1, 'owner', 0, 0, 0), (2, 2, 'owner', 0, 0, 0);
             INSERT INTO message (pk, id, conversation_pk, sequence, sender_pk, kind, content, created_at) VALUES
                 (1, 'm', 1, 1, 1, 'text', 'x', 0);",
        )
        .unwrap();
        migrate(&mut conn, folder.path()).unwrap();
        type Seat = (String, String, String, Option<String>, Option<i64>);
        let seats: Vec<Seat> = conn
            .prepare(
                "SELECT u.id, u.kind, m.role, u.former_id, c.owner_secret_pk FROM member m
                 JOIN user u ON u.pk = m.user_pk JOIN conversation c ON c.pk = m.conversation_pk ORDER BY u.pk",
            )
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let seat = |id: &str, kind: &str, role: &str| (id.to_owned(), kind.to_owned(), role.to_owned(), None, None);
        assert_eq!(seats, [seat("42", "registered", "owner"), seat("g", "guest", "member")]);
    }

    /// A database of an earlier version keeps its pictures, and forgets whose profile kept another's.
    #[test]
    fn pictures_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
        migrations::migrations::runner().set_target(Target::Version(5)).run(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO user (pk, id, kind, username, name, avatar, created_at, service) VALUES
                 (1, 'a', 'registered', 'a', 'a', '/files/f-1/s-1', 0, 0),
                 (2, 'b', 'registered', 'b', 'b', '/files/f-1/s-1', 0, 0),
                 (3, 'c', 'registered', 'c', 'c', '/files/f-2/s-2', 0, 0),
                 (4, 'd', 'registered', 'd', 'd', '/files/f-2/wrong', 0, 0),
                 (5, 'e', 'registered', 'e', 'e', 'https://example.org/files/f-1/s-1', 0, 0),
                 (6, 'shop', 'registered', 'shop', 'shop', NULL, 0, 1);
             INSERT INTO file (pk, id, secret, uploader_pk, created_at) VALUES
                 (10, 'f-1', 's-1', 1, 0), (20, 'f-2', 's-2', 6, 0);",
        )
        .unwrap();
        migrate(&mut conn, folder.path()).unwrap();
        let pictures: Vec<(String, Option<i64>)> = conn
            .prepare("SELECT id, picture_pk FROM user ORDER BY pk")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let expected = [("a", Some(10)), ("b", None), ("c", Some(20)), ("d", None), ("e", None), ("shop", None)];
        assert_eq!(pictures, expected.map(|(id, picture)| (id.to_owned(), picture)));
    }

    /// Users of version 0.1 whose names are the same now keep them, and each is found by its own.
    #[test]
    fn names_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
        migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
        let users = ["alice", "\u{430}lice", "Ada King", "ada@example.org", "admin", "\u{200B}"];
        for (at, username) in users.iter().enumerate() {
            conn.execute(
                "INSERT INTO user (id, kind, username, username_key, name, created_at)
                 VALUES (?1, 'registered', ?2, ?3, ?2, 0)",
                (format!("u-{at}"), username, username.to_lowercase()),
            )
            .unwrap();
        }
        conn.execute(
            "INSERT INTO user (id, kind, username, name, created_at) VALUES ('g', 'guest', 'alice', 'alice', 0)",
            [],
        )
        .unwrap();
        conn.execute(
            "UPDATE user SET name = ' Ada \u{202E} King\u{200B}', last_name = 'King\u{200B}' WHERE id = 'u-2'",
            [],
        )
        .unwrap();
        drop(conn);
        // Twice, as a second start finds nothing to do.
        for _ in 0..2 {
            let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
            for (at, username) in users.iter().enumerate() {
                let pk = i64::try_from(at + 1).unwrap();
                assert_eq!(names::owner(&opened.writer, username).unwrap(), Some(pk), "{username:?}");
            }
            for (spelling, found) in
                [("ALICE", Some(1)), ("\u{410}LICE", Some(2)), ("al\u{456}ce", None), ("ADAKING", Some(3))]
            {
                assert_eq!(names::owner(&opened.writer, spelling).unwrap(), found, "{spelling}");
            }
            let shown: (String, Option<String>) = opened
                .writer
                .query_row("SELECT name, last_name FROM user WHERE id = 'u-2'", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .unwrap();
            assert_eq!(shown, ("Ada King".to_owned(), Some("King".to_owned())));
            let version: String =
                opened.writer.query_row("SELECT version FROM name_keys", [], |row| row.get(0)).unwrap();
            assert_eq!(version, quintet_domain::NAME_KEY_VERSION.as_str());
        }
    }

    /// A database of an earlier version is counted as it is, and its log stays what it was.
    #[test]
    fn counts_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
        conn.pragma_update(None, "foreign_keys", true).unwrap();
        migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO user (pk, id, kind, username, name, created_at) VALUES
                 (1, 'a', 'registered', 'a', 'a', 0), (2, 'b', 'registered', 'b', 'b', 0);
             INSERT INTO conversation (pk, id, kind, open, created_at, updated_at) VALUES
                 (1, 'c-1', 'group', 0, 0, 0), (2, 'c-2', 'group', 0, 0, 0);
             INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence) VALUES
                 (1, 1, 'owner', 0, 0, 0), (2, 1, 'owner', 0, 0, 0), (2, 2, 'member', 0, 0, 0);
             INSERT INTO file (pk, id, secret, uploader_pk, size, created_at) VALUES
                 (1, 'f-1', 's', 1, 100, 0), (2, 'f-2', 's', 1, 20, 0), (3, 'f-3', 's', 2, NULL, 0);
             INSERT INTO notification (id, user_pk, title, message, at) VALUES ('n-1', 2, 't', 'm', 0);
             INSERT INTO change (position, kind, conversation_pk, sequence, actor_pk, detail, at, origin, acked) VALUES
                 (7, 'member_joined', 2, 1, 2, '2', 5, 9, 1), (8, 'user_changed', NULL, NULL, 1, NULL, 6, NULL, 0);",
        )
        .unwrap();
        migrate(&mut conn, folder.path()).unwrap();
        let counts = |id: &str| -> (i64, i64, i64) {
            conn.query_row("SELECT conversations, notifications, file_bytes FROM user WHERE id = ?1", [id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap()
        };
        assert_eq!((counts("a"), counts("b")), ((2, 0, 120), (1, 1, 0)));
        let total: i64 = conn.query_row("SELECT bytes FROM file_total", [], |row| row.get(0)).unwrap();
        assert_eq!(total, 120);
        type Logged = (i64, String, Option<i64>, Option<i64>, Option<i64>, Option<String>, i64, Option<i64>, bool);
        let logged: Vec<Logged> = conn
            .prepare(
                "SELECT position, kind, conversation_pk, sequence, actor_pk, detail, at, origin, acked
                 FROM change ORDER BY position",
            )
            .unwrap()
            .query_map([], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                    row.get(7)?,
                    row.get(8)?,
                ))
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let joined = (7, "member_joined".to_owned(), Some(2), Some(1), Some(2), Some("2".to_owned()), 5, Some(9), true);
        let changed = (8, "user_changed".to_owned(), None, None, Some(1), None, 6, None, false);
        assert_eq!(logged, [joined, changed]);
        // And from here on by themselves.
        conn.execute_batch("DELETE FROM member WHERE conversation_pk = 2; DELETE FROM file WHERE id = 'f-1'").unwrap();
        assert_eq!((counts("a"), counts("b")), ((1, 0, 20), (0, 1, 0)));
    }

    /// What was in lists of an earlier version is in those of this one, by the indexes that they have since.
    #[test]
    fn lists_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
        configure(&conn, true).unwrap();
        migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO user (pk, id, kind, username, username_key, name, created_at) VALUES
                 (1, 'ada', 'registered', 'Ada', 'ada', 'Ada Lovelace', 0), (2, 'guest', 'guest', 'g', NULL, 'g', 0);
             INSERT INTO conversation (pk, id, kind, name, open, member_count, created_at, updated_at) VALUES
                 (10, 'seen', 'group', 'Seen', 0, 1, 0, 5), (11, 'hidden', 'group', 'Hidden', 0, 1, 0, 6),
                 (12, 'open', 'room', 'Open', 1, 0, 0, 7), (13, 'walk', 'meetup', 'Walk', 0, 1, 0, 8);
             INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence, hidden_sequence)
                 VALUES (10, 1, 'owner', 0, 0, 0, -1), (11, 1, 'owner', 0, 0, 0, 3), (13, 1, 'owner', 0, 0, 0, -1);
             INSERT INTO meetup (pk, id, conversation_pk, host_pk, activity, location, starts_at, expires_at, status)
                 VALUES (20, 'm', 13, 1, 'Walk', 'Park', 9, 9, 'open');
             INSERT INTO meetup_request (meetup_pk, user_pk, created_at) VALUES (20, 2, 0);",
        )
        .unwrap();
        migrate(&mut conn, folder.path()).unwrap();
        let ada = UserId::trusted("ada");
        let page = lists::conversations(&conn, &ada, None, 10).unwrap();
        assert_eq!(page.items.iter().map(|item| item.place.id.as_str()).collect::<Vec<_>>(), ["walk", "seen"]);
        let found = directory::found(&conn, &ada, "", &Which::OpenOrMine, None, 10).unwrap();
        let ids: Vec<&str> = found.items.iter().map(|item| item.place.id.as_str()).collect();
        assert_eq!(ids, ["open", "hidden", "seen"]);
        let found = users::search(&conn, "love", None, 10).unwrap();
        assert_eq!(found.items.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["ada"]);
        for current in [true, false] {
            let filter = MeetupFilter { current };
            let page = meetup_lists::list(&conn, &ada, filter, Timestamp(1), None, 10).unwrap();
            let seen: Vec<_> = page.items.iter().map(|meetup| (meetup.id.as_str(), meetup.requests.len())).collect();
            assert_eq!(seen, [("m", 1)]);
        }
        assert_eq!(missed::missed(&conn, &ada, false, 0).unwrap().entries.map(|entries| entries.len()), Some(0));
    }
}
