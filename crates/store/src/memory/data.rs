//! All tables of the store in memory, and the open transaction over them.
//!
//! What must stay true: outside a transaction all journals are empty, and the tables hold the committed state. A
//! statement that fails has changed nothing.

use std::ops::{Deref, DerefMut};

use quintet_rules::{RowResult, RowsError};

use super::table::{Index, Table, Tables, tables};
use super::tables::{
    ConversationTables, FileTables, LogTables, MeetupTables, MessageTables, NotificationTables, UserTables,
};
use crate::writer::Database;

tables! {
    /// All tables, one group of them for each trait of [`quintet_rules::rows`].
    AllTables {
        users: UserTables,
        conversations: ConversationTables,
        messages: MessageTables,
        meetups: MeetupTables,
        notifications: NotificationTables,
        files: FileTables,
        log: LogTables,
    }
}

/// All tables, with the transaction over them.
#[derive(Debug, Default)]
pub(super) struct Data {
    tables: AllTables,
    /// The identity of the stored data.
    identity: String,
    /// Whether a transaction is open.
    open: bool,
    /// The number of changes of each table at the savepoint; empty if there is no savepoint.
    savepoint: Vec<usize>,
    /// The number of changes of ended transactions, rolled-back ones included.
    changed_before: usize,
    /// Whether the next commit fails, as on a full disk.
    commit_fails: bool,
}

impl Deref for Data {
    type Target = AllTables;

    fn deref(&self) -> &AllTables {
        &self.tables
    }
}

impl DerefMut for Data {
    fn deref_mut(&mut self) -> &mut AllTables {
        &mut self.tables
    }
}

/// A statement that violates a constraint, as a database would report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Constraint {
    /// Another row has the same value of a unique column.
    #[error("another row has this {0} already")]
    Unique(&'static str),
    /// The row to be changed does not exist.
    #[error("there is no such {0}")]
    Missing(&'static str),
}

impl From<Constraint> for RowsError {
    fn from(error: Constraint) -> Self {
        Self::new(error)
    }
}

/// The failure of a commit that a test asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the commit was made to fail")]
struct CommitFault;

impl Data {
    /// Empty tables, with the identity of their data.
    pub(super) fn new(identity: String) -> Self {
        Self { identity, ..Self::default() }
    }

    /// The identity of the stored data.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// Makes the next commit fail.
    pub(super) fn fail_next_commit(&mut self) {
        self.commit_fails = true;
    }

    /// Rolls back all changes of the transaction, and ends it.
    fn take_back(&mut self) {
        self.changed_before += self.tables.changes();
        self.tables.journals(&mut |journal| journal.rollback_to(0));
        self.savepoint.clear();
        self.open = false;
    }
}

impl Database for Data {
    fn begin(&mut self) -> RowResult<()> {
        // A panic may have left an open transaction behind.
        self.take_back();
        self.open = true;
        Ok(())
    }

    fn commit(&mut self) -> RowResult<()> {
        if std::mem::take(&mut self.commit_fails) {
            return Err(RowsError::new(CommitFault));
        }
        self.changed_before += self.tables.changes();
        self.tables.journals(&mut |journal| journal.forget());
        self.savepoint.clear();
        self.open = false;
        Ok(())
    }

    fn rollback(&mut self) -> RowResult<()> {
        self.take_back();
        Ok(())
    }

    fn savepoint(&mut self) -> RowResult<()> {
        let savepoint = &mut self.savepoint;
        savepoint.clear();
        self.tables.journals(&mut |journal| savepoint.push(journal.len()));
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> RowResult<()> {
        let changed = self.tables.changes();
        let mut savepoint = self.savepoint.iter();
        self.tables.journals(&mut |journal| {
            if let Some(changes) = savepoint.next() {
                journal.rollback_to(*changes);
            }
        });
        self.changed_before += changed - self.tables.changes();
        Ok(())
    }

    fn release_savepoint(&mut self) -> RowResult<()> {
        self.savepoint.clear();
        Ok(())
    }

    fn has_open_transaction(&self) -> bool {
        self.open
    }

    fn rows_changed(&self) -> u64 {
        (self.changed_before + self.tables.changes()) as u64
    }
}

/// The key of a table's next row: one more than the greatest.
pub(super) fn next_key(greatest: Option<i64>) -> i64 {
    greatest.unwrap_or(0) + 1
}

/// Refuses a new value of a row if another row has it in a unique index. `own` is the value that the row has now.
pub(super) fn check_unique<K: Ord + Clone, V>(
    index: &Table<K, V>,
    own: Option<&K>,
    new: Option<&K>,
    name: &'static str,
) -> RowResult<()> {
    match new {
        Some(new) if own != Some(new) && index.contains(new) => Err(Constraint::Unique(name).into()),
        _ => Ok(()),
    }
}

/// Moves a row in a unique index from its old value to its new one.
pub(super) fn move_unique<K: Ord + Clone, V: Copy>(index: &mut Table<K, V>, old: Option<K>, new: Option<K>, key: V) {
    if old == new {
        return;
    }
    if let Some(old) = old {
        index.remove(&old);
    }
    if let Some(new) = new {
        index.insert(new, key);
    }
}

/// Moves a row in an index from its old entry to its new one.
pub(super) fn move_entry<K: Ord + Clone>(index: &mut Index<K>, old: Option<K>, new: Option<K>) {
    move_unique(index, old, new, ());
}
