//! The row cache: users, conversations and members that a writer has read, kept between transactions because every
//! message needs all three and they rarely change.
//!
//! What must stay true: a cached row equals the row that the open transaction would read. Every write to these tables
//! goes through [`Transaction`](crate::Transaction), which updates the cache as well. A write that is rolled back
//! removes the rows that it touched from the cache; a group that is not committed clears it. Nobody else writes to the
//! database meanwhile; where several processes may, the store makes the cache [forget](RowCache::forget) what the others
//! changed before a group is decided.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use quintet_domain::{ConversationId, Metadata, UserId};

use crate::rows::{ConversationHead, ConversationRow, MemberRow, Rows, UserRow};
use crate::{ConversationKey, RowResult, UserKey};

/// Maximum number of cached rows of one kind. Beyond it, all rows of the kind are dropped and read again.
const ROWS_MAX: usize = 16_384;

/// Maximum bytes of custom data, descriptions and links to pictures in the cached rows of one kind. Beyond it, all rows of the kind are
/// dropped, too.
const TEXT_BYTES_MAX: usize = 32_000_000;

/// A row that the running write has changed, so that it can be removed from the cache.
#[derive(Clone, Copy, Debug)]
enum Touched {
    User(UserKey),
    Conversation(ConversationKey),
    Member(ConversationKey, UserKey),
    Author(ConversationKey, UserKey),
}

/// The keys of rows that somebody else changed in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedRows {
    /// The keys of users.
    pub users: Vec<UserKey>,
    /// The keys of conversations.
    pub conversations: Vec<ConversationKey>,
    /// The keys of memberships.
    pub members: Vec<(ConversationKey, UserKey)>,
}

/// Rows that were read or written before.
#[derive(Debug, Default)]
pub struct RowCache {
    users: HashMap<UserKey, Arc<UserRow>>,
    user_keys: HashMap<UserId, UserKey>,
    conversations: HashMap<ConversationKey, ConversationRow>,
    conversation_keys: HashMap<ConversationId, ConversationKey>,
    /// Bytes of the long texts of the cached users, and of the cached conversations.
    user_text_bytes: usize,
    conversation_text_bytes: usize,
    members: HashMap<(ConversationKey, UserKey), MemberRow>,
    /// Users who have sent a message to a conversation, as far as it is known.
    authors: HashSet<(ConversationKey, UserKey)>,
    /// Rows that the running write has changed.
    touched: Vec<Touched>,
}

/// The bytes of the texts of a user that may be long.
fn user_text_bytes(row: &UserRow) -> usize {
    row.metadata.as_ref().map_or(0, Metadata::size_bytes)
}

/// The bytes of the texts of a conversation that may be long.
fn conversation_text_bytes(row: &ConversationRow) -> usize {
    let texts = [&row.description, &row.picture].into_iter().flatten().map(|text| text.len()).sum::<usize>();
    texts + row.metadata.as_ref().map_or(0, Metadata::size_bytes)
}

impl RowCache {
    /// Drops all rows.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Drops rows that somebody else changed.
    pub fn forget(&mut self, changed: &ChangedRows) {
        for key in &changed.users {
            self.drop_user(*key);
        }
        for key in &changed.conversations {
            self.drop_conversation(*key);
        }
        for key in &changed.members {
            self.members.remove(key);
        }
    }

    /// Whether the user with an id must be read.
    #[must_use]
    pub fn lacks_user(&self, id: &UserId) -> bool {
        self.user(id).is_none()
    }

    /// Whether the conversation with an id must be read.
    #[must_use]
    pub fn lacks_conversation(&self, id: &ConversationId) -> bool {
        self.conversation(id).is_none()
    }

    /// Whether the membership of a user in a conversation must be read.
    #[must_use]
    pub fn lacks_member(&self, conversation: &ConversationId, user: &UserId) -> bool {
        let keys = self.conversation_keys.get(conversation).zip(self.user_keys.get(user));
        keys.is_none_or(|(conversation, user)| !self.members.contains_key(&(*conversation, *user)))
    }

    /// Whether it must be read if a user has sent a message to a conversation.
    #[must_use]
    pub fn lacks_author(&self, conversation: &ConversationId, user: &UserId) -> bool {
        let keys = self.conversation_keys.get(conversation).zip(self.user_keys.get(user));
        keys.is_none_or(|(conversation, user)| !self.authors.contains(&(*conversation, *user)))
    }

    /// Begins a write. Its changes can be removed by [`Self::undo`].
    pub(crate) fn begin(&mut self) {
        self.touched.clear();
    }

    /// Removes the rows that the running write changed, because it is rolled back.
    pub(crate) fn undo(&mut self) {
        for touched in std::mem::take(&mut self.touched) {
            match touched {
                Touched::User(key) => self.drop_user(key),
                Touched::Conversation(key) => self.drop_conversation(key),
                Touched::Member(conversation, user) => {
                    self.members.remove(&(conversation, user));
                }
                Touched::Author(conversation, user) => {
                    self.authors.remove(&(conversation, user));
                }
            }
        }
    }

    fn drop_user(&mut self, key: UserKey) {
        if let Some(row) = self.users.remove(&key) {
            self.user_keys.remove(&row.user.id);
            self.user_text_bytes -= user_text_bytes(&row);
        }
    }

    fn drop_conversation(&mut self, key: ConversationKey) {
        if let Some(row) = self.conversations.remove(&key) {
            self.conversation_keys.remove(&row.reference.id);
            self.conversation_text_bytes -= conversation_text_bytes(&row);
        }
    }

    pub(crate) fn user(&self, id: &UserId) -> Option<&Arc<UserRow>> {
        self.users.get(self.user_keys.get(id)?)
    }

    pub(crate) fn user_by_key(&self, key: UserKey) -> Option<&Arc<UserRow>> {
        self.users.get(&key)
    }

    /// Caches a user that was read in the open transaction.
    pub fn keep_user(&mut self, row: &Arc<UserRow>) {
        if self.users.len() >= ROWS_MAX || self.user_text_bytes > TEXT_BYTES_MAX {
            self.users.clear();
            self.user_keys.clear();
            self.user_text_bytes = 0;
        }
        self.drop_user(row.key);
        self.user_text_bytes += user_text_bytes(row);
        self.user_keys.insert(row.user.id.clone(), row.key);
        self.users.insert(row.key, Arc::clone(row));
    }

    /// Caches a user that the running write changed.
    pub(crate) fn user_changed(&mut self, row: &Arc<UserRow>) {
        self.keep_user(row);
        self.touched.push(Touched::User(row.key));
    }

    /// Drops a user that the running write changed or removed.
    pub(crate) fn forget_user(&mut self, key: UserKey) {
        self.drop_user(key);
        self.touched.push(Touched::User(key));
    }

    pub(crate) fn conversation(&self, id: &ConversationId) -> Option<&ConversationRow> {
        self.conversations.get(self.conversation_keys.get(id)?)
    }

    pub(crate) fn conversation_by_key(&self, key: ConversationKey) -> Option<&ConversationRow> {
        self.conversations.get(&key)
    }

    /// Caches a conversation that was read in the open transaction.
    pub fn keep_conversation(&mut self, row: &ConversationRow) {
        if self.conversations.len() >= ROWS_MAX || self.conversation_text_bytes > TEXT_BYTES_MAX {
            self.conversations.clear();
            self.conversation_keys.clear();
            self.conversation_text_bytes = 0;
        }
        self.drop_conversation(row.key);
        self.conversation_text_bytes += conversation_text_bytes(row);
        self.conversation_keys.insert(row.reference.id.clone(), row.key);
        self.conversations.insert(row.key, row.clone());
    }

    /// Caches a conversation that the running write changed.
    pub(crate) fn conversation_changed(&mut self, row: &ConversationRow) {
        self.keep_conversation(row);
        self.touched.push(Touched::Conversation(row.key));
    }

    /// Replaces the head of a cached conversation.
    pub(crate) fn head_changed(&mut self, key: ConversationKey, head: ConversationHead) {
        // Whether it is cached now or not: it may be read again before the write is taken back.
        self.touched.push(Touched::Conversation(key));
        if let Some(row) = self.conversations.get_mut(&key) {
            row.head = head;
        }
    }

    pub(crate) fn member(&self, conversation: ConversationKey, user: UserKey) -> Option<&MemberRow> {
        self.members.get(&(conversation, user))
    }

    /// Caches a membership that was read in the open transaction.
    pub fn keep_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) {
        if self.members.len() >= ROWS_MAX {
            self.members.clear();
        }
        self.members.insert((conversation, user), *row);
    }

    /// Caches a membership that the running write changed; `None` if it ended.
    pub(crate) fn member_changed(&mut self, conversation: ConversationKey, user: UserKey, row: Option<&MemberRow>) {
        match row {
            Some(row) => self.keep_member(conversation, user, row),
            None => {
                self.members.remove(&(conversation, user));
            }
        }
        self.touched.push(Touched::Member(conversation, user));
    }

    /// Whether a user is known to have sent a message to a conversation.
    pub(crate) fn is_author(&self, conversation: ConversationKey, user: UserKey) -> bool {
        self.authors.contains(&(conversation, user))
    }

    /// Caches that a user has sent a message to a conversation.
    pub fn keep_author(&mut self, conversation: ConversationKey, user: UserKey) {
        if self.authors.len() >= ROWS_MAX {
            self.authors.clear();
        }
        self.authors.insert((conversation, user));
    }

    /// Caches that the running write made a user an author in a conversation.
    pub(crate) fn author_added(&mut self, conversation: ConversationKey, user: UserKey) {
        self.keep_author(conversation, user);
        self.touched.push(Touched::Author(conversation, user));
    }

    /// Compares every cached row with the row that the store reads, for tests. Returns a description of the first
    /// difference.
    ///
    /// # Errors
    /// An error of the store.
    pub fn find_stale(&self, rows: &dyn Rows) -> RowResult<Option<String>> {
        for (key, row) in &self.users {
            let found = rows.user_by_key(*key)?;
            if found.as_ref() != Some(&**row) || self.user_keys.get(&row.user.id) != Some(key) {
                return Ok(Some(format!("cached {row:?}, stored {found:?}")));
            }
        }
        for (id, key) in &self.user_keys {
            if rows.user(id)?.map(|row| row.key) != Some(*key) {
                return Ok(Some(format!("cached id {id} for {key:?}")));
            }
        }
        for (key, row) in &self.conversations {
            let found = rows.conversation_by_key(*key)?;
            if found.as_ref() != Some(row) {
                return Ok(Some(format!("cached {row:?}, stored {found:?}")));
            }
        }
        for ((conversation, user), row) in &self.members {
            let found = rows.member(*conversation, *user)?;
            if found.as_ref() != Some(row) {
                return Ok(Some(format!("cached {row:?} of {conversation:?} {user:?}, stored {found:?}")));
            }
        }
        for (conversation, user) in &self.authors {
            if !rows.is_author(*user, *conversation)? {
                return Ok(Some(format!("cached author {user:?} of {conversation:?}")));
            }
        }
        let users: usize = self.users.values().map(|row| user_text_bytes(row)).sum();
        let conversations: usize = self.conversations.values().map(conversation_text_bytes).sum();
        let counted = (self.user_text_bytes, self.conversation_text_bytes);
        Ok((counted != (users, conversations)).then(|| format!("{counted:?} bytes of {users} and {conversations}")))
    }
}
