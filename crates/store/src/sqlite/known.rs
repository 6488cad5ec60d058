//! What the writer looked up for messages before: users, conversations, members. Their answers rarely change, and a
//! message would ask for all three.
//!
//! What must stay true: what is kept here is what the open transaction would find. A command that may change any of
//! these rows in another way than told here runs without it, and leaves it empty.

use std::collections::HashMap;

use quintet_domain::{ConversationId, UserId};

use super::rows::{ConversationRow, MemberRow, UserRow};

/// Rows of a kind that are kept; more, and all of that kind are looked up anew.
const ROWS_MAX: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct Known {
    users: HashMap<UserId, UserRow>,
    conversations: HashMap<i64, ConversationRow>,
    ids: HashMap<ConversationId, i64>,
    members: HashMap<(i64, i64), MemberRow>,
}

impl Known {
    pub(super) fn forget_all(&mut self) {
        self.users.clear();
        self.conversations.clear();
        self.ids.clear();
        self.members.clear();
    }

    pub(super) fn user(&self, id: &UserId) -> Option<&UserRow> {
        self.users.get(id)
    }

    pub(super) fn keep_user(&mut self, row: &UserRow) {
        if self.users.len() >= ROWS_MAX {
            self.users.clear();
        }
        self.users.insert(row.user.id.clone(), row.clone());
    }

    pub(super) fn conversation(&self, id: &ConversationId) -> Option<&ConversationRow> {
        self.conversations.get(self.ids.get(id)?)
    }

    pub(super) fn keep_conversation(&mut self, row: &ConversationRow) {
        if self.conversations.len() >= ROWS_MAX {
            self.conversations.clear();
            self.ids.clear();
        }
        self.ids.insert(row.conversation.id.clone(), row.pk);
        self.conversations.insert(row.pk, row.clone());
    }

    /// A conversation's row was written; the same is to be done to what is kept of it.
    pub(super) fn conversation_changed(&mut self, pk: i64, change: impl FnOnce(&mut ConversationRow)) {
        if let Some(row) = self.conversations.get_mut(&pk) {
            change(row);
        }
    }

    pub(super) fn member(&self, conversation: i64, user: i64) -> Option<&MemberRow> {
        self.members.get(&(conversation, user))
    }

    pub(super) fn keep_member(&mut self, conversation: i64, user: i64, row: &MemberRow) {
        if self.members.len() >= ROWS_MAX {
            self.members.clear();
        }
        self.members.insert((conversation, user), row.clone());
    }

    pub(super) fn forget_member(&mut self, conversation: i64, user: i64) {
        self.members.remove(&(conversation, user));
    }
}
