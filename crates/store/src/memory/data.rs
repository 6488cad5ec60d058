//! All tables of the store in memory, and the open transaction over them.
//!
//! What must stay true: outside a transaction all journals are empty, and the tables hold the committed state. A
//! statement that fails has changed nothing.

use std::ops::{Deref, DerefMut};

use quintet_rules::{ChangedRows, RowResult, RowsError};

use super::nodes::{Groups, Node};
use super::table::{Index, Table, Tables, tables};
use super::tables::{
    BlockTables, ContactRequestTables, ConversationTables, FileTables, InvitationTables, LogTables, LoginSessionTables,
    MeetupTables, MessageTables, ModerationTables, NotificationTables, PushTables, ReactionTables, ReportTables,
    UserTables, WebhookTables,
};

tables! {
    /// All tables, one group of them for each trait of [`quintet_rules::rows`].
    AllTables {
        users: UserTables,
        conversations: ConversationTables,
        messages: MessageTables,
        reactions: ReactionTables,
        blocks: BlockTables,
        moderation: ModerationTables,
        contact_requests: ContactRequestTables,
        meetups: MeetupTables,
        notifications: NotificationTables,
        files: FileTables,
        push: PushTables,
        invitations: InvitationTables,
        login_sessions: LoginSessionTables,
        webhooks: WebhookTables,
        reports: ReportTables,
        log: LogTables,
    }
}

/// All tables, with the transaction over them.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) tables: AllTables,
    /// The identity of the stored data.
    identity: String,
    /// Whether a transaction is open.
    pub(super) open: bool,
    /// The number of changes of each table at the savepoint; empty if there is no savepoint.
    pub(super) savepoint: Vec<usize>,
    /// The number of changes of ended transactions, rolled-back ones included.
    pub(super) changed_before: usize,
    /// Whether the next commit fails, as on a full disk.
    pub(super) commit_fails: bool,
    /// Whether what others have committed before the next group cannot be read, as over a connection that is lost.
    pub(super) read_fails: bool,
    /// What the nodes that share the tables have committed.
    pub(super) groups: Groups,
    /// The node that decides the group that is being committed, if there are several.
    pub(super) node: Option<Node>,
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

    /// Makes the next read of what other nodes have committed fail.
    pub(super) fn fail_next_read(&mut self) {
        self.read_fails = true;
    }

    /// Lets a node decide the next group.
    pub(super) fn begin_as(&mut self, node: Option<Node>) {
        self.node = node;
    }

    /// Ends the turn of a node.
    pub(super) fn end_as(&mut self) -> Option<Node> {
        self.node.take()
    }

    /// The rows that the transaction has changed and that nodes may keep in their caches.
    pub(super) fn changed(&self) -> ChangedRows {
        ChangedRows {
            users: self.tables.users.rows.changed(),
            conversations: self.tables.conversations.rows.changed(),
            members: self.tables.conversations.members.changed(),
        }
    }

    /// Rolls back all changes of the transaction, and ends it.
    pub(super) fn take_back(&mut self) {
        self.changed_before += self.tables.changes();
        self.tables.journals(&mut |journal| journal.rollback_to(0));
        self.savepoint.clear();
        self.open = false;
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
