//! A database of SQLite as the source or the target of a copy.
//!
//! What must stay true: this process has the folder to itself. A folder whose copy did not end has the file
//! [`INCOMPLETE`], and no server opens its database.

use std::fs::File;
use std::path::{Path, PathBuf};

use quintet_domain::MessageId;
use rusqlite::types::Value as Stored;
use rusqlite::{Connection, Error, ErrorCode, OptionalExtension, params_from_iter};

use super::open::{self, FILE, INCOMPLETE};
use super::rows::{IdValue, message_id_at};
use crate::OpenError;
use crate::copy::seam::{CopyError, Copying, Facts, ROWS_AT_ONCE, Row, Source, TargetCopy, Value};
use crate::copy::tables::{Kind, TABLES, Table};

/// The page cache of a copy in KiB, in which the inner pages of all indexes find room.
const CACHE_KIB: i64 = 128 * 1_024;
/// What SQLite stores where a conversation is not hidden.
const NOT_HIDDEN: i64 = -1;

fn failed(folder: &Path) -> impl Fn(Error) -> CopyError {
    let place = format!("the data folder {}", folder.display());
    move |error| CopyError::Statement { place: place.clone(), why: error.to_string() }
}

fn of_table(table: &'static Table) -> impl Fn(Error) -> CopyError {
    move |error| CopyError::Rows { table: table.sqlite, why: error.to_string() }
}

fn cannot_use(folder: &Path) -> impl Fn(std::io::Error) -> CopyError {
    let folder = folder.to_owned();
    move |why| CopyError::Open(OpenError::Folder { folder: folder.clone(), why })
}

/// The names of a table's columns, separated by commas.
fn columns(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    names.join(", ")
}

fn facts(conn: &Connection) -> Result<Facts, Error> {
    let identity = conn.query_row("SELECT id FROM identity", [], |row| row.get(0))?;
    let position = conn.query_row(
        "SELECT max(coalesce((SELECT max(position) FROM message), 0),
                    coalesce((SELECT max(position) FROM change), 0), 0)",
        [],
        |row| row.get(0),
    )?;
    let secrets = conn
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'guest_secret'", [], |row| row.get(0))
        .optional()?;
    let count = |table: &Table| {
        let sql = format!("SELECT count(*) FROM \"{}\"", table.sqlite);
        conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
    };
    let rows = TABLES.iter().map(count).collect::<Result<_, _>>()?;
    Ok(Facts { identity, position, secrets: secrets.unwrap_or_default(), rows })
}

/// A folder that is copied from.
pub(crate) struct SqliteSource {
    connection: Connection,
    folder: PathBuf,
    _lock: File,
}

impl SqliteSource {
    /// Opens a folder that no process uses.
    pub(crate) fn open(folder: &Path) -> Copying<Self> {
        open::find(folder)?;
        let lock = open::lock(folder)?;
        open::refuse_incomplete(folder)?;
        let connection = open::connect(folder.join(FILE)).map_err(OpenError::from)?;
        let begun = connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_master");
        begun.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => CopyError::Open(OpenError::InUse(folder.to_owned())),
            _ => CopyError::Open(error.into()),
        })?;
        let (found, known) = (open::version(&connection, folder)?, open::known_version());
        if found != known {
            return Err(CopyError::Older { place: format!("the data folder {}", folder.display()), found, known });
        }
        Ok(Self { connection, folder: folder.to_owned(), _lock: lock })
    }
}

/// Reads a value.
fn value_at(row: &rusqlite::Row<'_>, at: usize, kind: Kind) -> Result<Value, Error> {
    let whole = |number: Option<i64>| number.map_or(Value::Null, Value::Whole);
    Ok(match kind {
        Kind::Whole => whole(row.get(at)?),
        Kind::WholeOrZero => Value::Whole(row.get::<_, Option<i64>>(at)?.unwrap_or_default()),
        Kind::Flag => row.get::<_, Option<bool>>(at)?.map_or(Value::Null, Value::Flag),
        Kind::Text => row.get::<_, Option<String>>(at)?.map_or(Value::Null, Value::Text),
        Kind::Bytes => row.get::<_, Option<Vec<u8>>>(at)?.map_or(Value::Null, Value::Bytes),
        Kind::MessageId => Value::Text(message_id_at(row, at)?.as_str().to_owned()),
        Kind::Hidden => whole(row.get::<_, Option<i64>>(at)?.filter(|number| *number != NOT_HIDDEN)),
    })
}

impl Source for SqliteSource {
    fn facts(&mut self) -> Copying<Facts> {
        facts(&self.connection).map_err(failed(&self.folder))
    }

    fn newest_at(&mut self) -> Copying<i64> {
        let newest = "SELECT max(coalesce((SELECT max(created_at) FROM message), 0),
                                 coalesce((SELECT max(at) FROM change), 0))";
        self.connection.query_row(newest, [], |row| row.get(0)).map_err(failed(&self.folder))
    }

    fn read(&mut self, table: &'static Table, each: &mut dyn FnMut(Vec<Row>) -> Copying<()>) -> Copying<()> {
        let failed = of_table(table);
        let sql = format!("SELECT {} FROM \"{}\"", columns(table), table.sqlite);
        let mut statement = self.connection.prepare(&sql).map_err(&failed)?;
        let mut found = statement.query([]).map_err(&failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(&failed)? {
            let values = table.columns.iter().enumerate().map(|(at, column)| value_at(row, at, column.kind));
            rows.push(values.collect::<Result<Row, Error>>().map_err(&failed)?);
            if rows.len() == ROWS_AT_ONCE {
                each(std::mem::take(&mut rows))?;
            }
        }
        if rows.is_empty() { Ok(()) } else { each(rows) }
    }

    fn files(&mut self) -> Copying<Vec<String>> {
        let read = || -> Result<_, Error> {
            let mut statement = self.connection.prepare("SELECT id FROM file WHERE size IS NOT NULL ORDER BY pk")?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()
        };
        read().map_err(failed(&self.folder))
    }
}

/// A folder that is copied to.
pub(crate) struct SqliteTargetCopy {
    connection: Connection,
    folder: PathBuf,
    _lock: File,
    /// The table that was begun, and the statement that inserts its rows.
    table: Option<(&'static Table, String)>,
}

impl SqliteTargetCopy {
    /// Makes an empty database in a folder that has none, or only one whose copy did not end.
    pub(crate) fn open(folder: &Path, source: &str) -> Copying<Self> {
        open::make_folder(folder)?;
        let lock = open::lock(folder)?;
        let (file, mark) = (folder.join(FILE), folder.join(INCOMPLETE));
        let cannot = cannot_use(folder);
        if mark.try_exists().map_err(&cannot)? {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let path = folder.join(format!("{FILE}{suffix}"));
                if path.try_exists().map_err(&cannot)? {
                    std::fs::remove_file(path).map_err(&cannot)?;
                }
            }
        } else if file.try_exists().map_err(&cannot)? {
            return Err(CopyError::NotEmpty(format!("the data folder {}", folder.display())));
        }
        open::mark_incomplete(folder, &format!("a copy of {source}")).map_err(&cannot)?;
        let mut connection = open::connect(&file).map_err(OpenError::from)?;
        let begun = (|| -> Result<(), Error> {
            // A copy that does not end is made anew, so that it needs no journal.
            connection.pragma_update(None, "journal_mode", "MEMORY")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "cache_size", -CACHE_KIB)
        })();
        begun.map_err(OpenError::from)?;
        open::migrate(&mut connection, folder)?;
        let begun = (|| -> Result<(), Error> {
            // Rows come in the order of their tables, and all references are checked at the end.
            connection.pragma_update(None, "foreign_keys", false)?;
            connection.execute_batch("BEGIN")?;
            TABLES
                .iter()
                .try_for_each(|table| connection.execute(&format!("DELETE FROM \"{}\"", table.sqlite), []).map(|_| ()))
        })();
        begun.map_err(failed(folder))?;
        Ok(Self { connection, folder: folder.to_owned(), _lock: lock, table: None })
    }
}

/// A value as its column stores it.
fn stored(value: Value, kind: Kind) -> Stored {
    match (kind, value) {
        (Kind::Hidden, Value::Null) => Stored::Integer(NOT_HIDDEN),
        (_, Value::Null) => Stored::Null,
        (_, Value::Whole(number)) => Stored::Integer(number),
        (_, Value::Flag(flag)) => Stored::Integer(i64::from(flag)),
        (Kind::MessageId, Value::Text(id)) => match IdValue::from(&MessageId::trusted(&id)) {
            IdValue::Uuid(bytes) => Stored::Blob(bytes.to_vec()),
            IdValue::Text(text) => Stored::Text(text.to_owned()),
        },
        (_, Value::Text(text)) => Stored::Text(text),
        (_, Value::Bytes(bytes)) => Stored::Blob(bytes),
    }
}

impl TargetCopy for SqliteTargetCopy {
    fn begin(&mut self, table: &'static Table) -> Copying<()> {
        let places: Vec<String> = (1..=table.columns.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("INSERT INTO \"{}\" ({}) VALUES ({})", table.sqlite, columns(table), places.join(", "));
        self.table = Some((table, sql));
        Ok(())
    }

    fn write(&mut self, rows: Vec<Row>) -> Copying<()> {
        let Some((table, sql)) = &self.table else { return Ok(()) };
        let (table, failed) = (*table, of_table(table));
        let mut statement = self.connection.prepare_cached(sql).map_err(&failed)?;
        for row in rows {
            let values = row.into_iter().zip(table.columns).map(|(value, column)| stored(value, column.kind));
            statement.execute(params_from_iter(values)).map_err(&failed)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Copying<()> {
        self.table = None;
        Ok(())
    }

    fn settle(&mut self, facts: &Facts, _newest_at: i64) -> Copying<Facts> {
        let settle = || -> Result<_, Error> {
            let conn = &self.connection;
            let set = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'guest_secret'";
            if conn.execute(set, [facts.secrets])? == 0 && facts.secrets > 0 {
                conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('guest_secret', ?1)", [facts.secrets])?;
            }
            conn.execute_batch("COMMIT")?;
            let dangling = conn.query_row("PRAGMA foreign_key_check", [], |row| row.get::<_, String>(0)).optional()?;
            Ok((dangling, self::facts(conn)?))
        };
        let (dangling, copied) = settle().map_err(failed(&self.folder))?;
        if let Some(table) = dangling {
            let why = format!("rows of {table} refer to rows that do not exist");
            return Err(CopyError::Statement { place: format!("the data folder {}", self.folder.display()), why });
        }
        open::sync(&self.folder.join(FILE))
            .and_then(|()| open::sync(&self.folder))
            .map_err(cannot_use(&self.folder))?;
        Ok(copied)
    }

    fn complete(self: Box<Self>) -> Copying<()> {
        open::mark_complete(&self.folder).map_err(cannot_use(&self.folder))
    }

    fn replaced(&self) -> u64 {
        0
    }
}
