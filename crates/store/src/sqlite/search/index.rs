//! The file of the index, its tables, and how far it has come.
//!
//! What must stay true: the progress is committed together with what was indexed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use quintet_domain::{SEARCH_TERMS_VERSION, search_terms};
use quintet_rules::ConversationKey;
use quintet_rules::message_search::searched_texts;
use quintet_rules::rows::{LogRows, MessageRow};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::rows::SqliteRows;

/// The number of low bits of a position within a partition: 262,144 positions. With fewer, the words themselves take more
/// of the index, because each partition has its own; with more, sealing one takes longer. Indexes of other partitions are
/// made anew only with a new [`SEARCH_TERMS_VERSION`].
const PARTITION_BITS: u32 = 18;

/// How far the index has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// The position up to which messages and changes are in the index.
    pub(super) position: i64,
    /// The newest position when the index was made. Older changes are in the messages that were indexed since.
    pub(super) made_at: i64,
}

/// The number of the partition of a position.
pub(super) fn partition_of(position: i64) -> i64 {
    position >> PARTITION_BITS
}

/// The first and the last position of a partition.
pub(super) fn positions_of(partition: i64) -> (i64, i64) {
    let first = partition << PARTITION_BITS;
    (first, first + (1 << PARTITION_BITS) - 1)
}

/// The name of the table of a partition.
pub(super) fn table_of(partition: i64) -> String {
    // Messages that are older than the log have negative positions.
    let sign = if partition < 0 { "before_" } else { "" };
    format!("words_{sign}{}", partition.unsigned_abs())
}

/// The term of a conversation, which no text has.
pub(super) fn scope_term(conversation: ConversationKey) -> String {
    format!("#{}", conversation.0)
}

/// Opens the index of a database, and makes it anew if it cannot be used. `file` is its path if it is a file.
pub(in crate::sqlite) fn open(
    source: &Connection,
    connect: impl Fn() -> rusqlite::Result<Connection>,
    file: Option<&Path>,
) -> rusqlite::Result<Connection> {
    if let Ok(index) = opened(&connect, file.is_some())
        && is_of(&index, source).unwrap_or(false)
    {
        return Ok(index);
    }
    if let Some(file) = file {
        // Whatever cannot be removed makes the next step fail.
        for suffix in ["", "-wal", "-journal"] {
            let mut path = file.as_os_str().to_owned();
            path.push(suffix);
            let _ = std::fs::remove_file(path);
        }
    }
    let index = opened(&connect, file.is_some())?;
    make(&index, source)?;
    Ok(index)
}

/// Lets a connection read the index as the schema `search`.
pub(in crate::sqlite) fn attach(reader: &Connection, path: &OsStr, cache_kib: i64) -> rusqlite::Result<()> {
    reader.execute("ATTACH CAST(?1 AS TEXT) AS search", [path.as_bytes()])?;
    reader.pragma_update(Some("search"), "cache_size", -cache_kib)
}

fn opened(connect: &impl Fn() -> rusqlite::Result<Connection>, durable: bool) -> rusqlite::Result<Connection> {
    let index = connect()?;
    index.set_prepared_statement_cache_capacity(64);
    index.pragma_update(None, "secure_delete", true)?;
    // Before the first table: what is merged leaves as many unused pages as it had, which [`shrink`] gives back.
    index.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    if durable {
        index.pragma_update(None, "journal_mode", "WAL")?;
        // What a power failure takes is indexed again, so that no commit waits for the disk.
        index.pragma_update(None, "synchronous", "NORMAL")?;
    } else {
        index.pragma_update(None, "journal_mode", "MEMORY")?;
        index.pragma_update(None, "synchronous", "OFF")?;
    }
    Ok(index)
}

/// Whether an index is whole, has the terms of this build, and is of this database or of an earlier state of it.
fn is_of(index: &Connection, source: &Connection) -> rusqlite::Result<bool> {
    let own = "SELECT identity, terms_version, position, made_at FROM progress";
    let found = index.query_row(own, [], |row| {
        let progress = Progress { position: row.get(2)?, made_at: row.get(3)? };
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, progress))
    });
    let Some((identity, version, progress)) = found.optional()? else { return Ok(false) };
    // The log of changes may not reach back to where the index has come.
    let pruned: i64 = source.query_row("SELECT coalesce(max(position), 0) FROM pruned", [], |row| row.get(0))?;
    Ok(version == SEARCH_TERMS_VERSION
        && identity == identity_of(source)?
        && progress.position <= newest(source)
        && pruned <= progress.position.max(progress.made_at))
}

fn identity_of(source: &Connection) -> rusqlite::Result<String> {
    source.query_row("SELECT id FROM identity", [], |row| row.get(0))
}

/// The newest position of a database.
pub(super) fn newest(source: &Connection) -> i64 {
    SqliteRows(source).newest_position().map_or(0, u64::cast_signed)
}

fn make(index: &Connection, source: &Connection) -> rusqlite::Result<()> {
    let before: i64 =
        source.query_row("SELECT min(coalesce(min(position), 1) - 1, 0) FROM message", [], |row| row.get(0))?;
    let tx = index.unchecked_transaction()?;
    tx.execute_batch(
        "CREATE TABLE progress (
             identity TEXT NOT NULL, terms_version INTEGER NOT NULL, position INTEGER NOT NULL, made_at INTEGER NOT NULL
         ) STRICT;
         -- The partitions, and when the first message of each was deleted or edited whose words the index still has.
         CREATE TABLE partition (number INTEGER PRIMARY KEY, stale_since INTEGER) STRICT;",
    )?;
    tx.execute(
        "INSERT INTO progress (identity, terms_version, position, made_at) VALUES (?1, ?2, ?3, ?4)",
        params![identity_of(source)?, SEARCH_TERMS_VERSION, before, newest(source)],
    )?;
    tx.commit()
}

pub(super) fn progress(index: &Connection) -> rusqlite::Result<Progress> {
    index.query_row("SELECT position, made_at FROM progress", [], |row| {
        Ok(Progress { position: row.get(0)?, made_at: row.get(1)? })
    })
}

/// Says in the open transaction how far the index has come.
pub(super) fn advance(index: &Connection, position: i64) -> rusqlite::Result<()> {
    index.prepare_cached("UPDATE progress SET position = ?1")?.execute([position]).map(|_| ())
}

/// Makes the table of a partition in the open transaction, unless it is there.
pub(super) fn make_partition(index: &Connection, partition: i64) -> rusqlite::Result<()> {
    let known =
        index.prepare_cached("INSERT OR IGNORE INTO partition (number) VALUES (?1)")?.execute([partition])? == 0;
    if known {
        return Ok(());
    }
    // The terms are those of `search_terms`, so that the tokenizer separates them at spaces and changes nothing.
    index.execute_batch(&format!(
        "CREATE VIRTUAL TABLE {} USING fts5 (
             terms, content = '', columnsize = 0, detail = none, tokenize = 'ascii tokenchars ''#''')",
        table_of(partition)
    ))
}

/// Adds the terms of a message to its partition in the open transaction.
pub(super) fn add(index: &Connection, row: &MessageRow) -> rusqlite::Result<()> {
    if row.deleted_at.is_some() {
        return Ok(());
    }
    let mut text = scope_term(row.conversation);
    for part in searched_texts(row) {
        for term in search_terms(part) {
            text.push(' ');
            text += &term;
        }
    }
    let partition = partition_of(row.key.0);
    make_partition(index, partition)?;
    let sql = format!("INSERT INTO {} (rowid, terms) VALUES (?1, ?2)", table_of(partition));
    index.prepare_cached(&sql)?.execute(params![row.key.0, text]).map(|_| ())
}

/// Notes in the open transaction that the index has words of a message that the message has not.
pub(super) fn note_stale(index: &Connection, position: i64, now_ms: i64) -> rusqlite::Result<()> {
    index
        .prepare_cached("UPDATE partition SET stale_since = coalesce(stale_since, ?2) WHERE number = ?1")?
        .execute([partition_of(position), now_ms])
        .map(|_| ())
}

/// The partition that has had words for too long that its messages have not: since before a moment.
pub(super) fn stalest(index: &Connection, before_ms: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT number FROM partition WHERE stale_since <= ?1 ORDER BY stale_since LIMIT 1";
    index.prepare_cached(sql)?.query_row([before_ms], |row| row.get(0)).optional()
}

/// Empties a partition in the open transaction.
pub(super) fn empty_partition(index: &Connection, partition: i64) -> rusqlite::Result<()> {
    index.execute_batch(&format!("DROP TABLE IF EXISTS {}", table_of(partition)))?;
    index.execute("DELETE FROM partition WHERE number = ?1", [partition])?;
    make_partition(index, partition)
}

/// Merges the parts of a partition to which nothing more is added in the usual case, which makes it smaller and faster.
pub(super) fn seal_partition(index: &Connection, partition: i64) -> rusqlite::Result<()> {
    let table = table_of(partition);
    let known = index.prepare_cached("SELECT 1 FROM partition WHERE number = ?1")?.exists([partition])?;
    if known { index.execute_batch(&format!("INSERT INTO {table} ({table}) VALUES ('optimize')")) } else { Ok(()) }
}

/// Gives the unused pages of the index back to the disk, outside of a transaction. Unless somebody reads it meanwhile, the
/// file has nothing more of them when this returns, and neither has the log beside it.
pub(super) fn shrink(index: &Connection) -> rusqlite::Result<()> {
    let mut statement = index.prepare("PRAGMA incremental_vacuum")?;
    // Each step frees one page.
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    index.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
