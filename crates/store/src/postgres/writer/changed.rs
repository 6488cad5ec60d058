//! The rows that a group has changed and that other nodes may keep in their caches.
//!
//! What must stay true: every row that the group has changed is here; rows whose change was taken back may be as well.

use std::collections::BTreeSet;

use quintet_rules::{ChangedRows, ConversationKey, UserKey};
use tokio_postgres::Row;

use crate::postgres::error::Fetched;
use crate::postgres::link::Value;

/// The keys of changed rows.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) users: BTreeSet<UserKey>,
    pub(super) conversations: BTreeSet<ConversationKey>,
    pub(super) members: BTreeSet<(ConversationKey, UserKey)>,
}

impl Changed {
    /// The keys as the four columns of a group.
    pub(super) fn columns(&self) -> [Value; 4] {
        let keys = |keys: Vec<i64>| Box::new(keys) as Value;
        [
            keys(self.users.iter().map(|key| key.0).collect()),
            keys(self.conversations.iter().map(|key| key.0).collect()),
            keys(self.members.iter().map(|(conversation, _)| conversation.0).collect()),
            keys(self.members.iter().map(|(_, user)| user.0).collect()),
        ]
    }
}

/// Reads the keys that a group has changed, from the four columns of its row.
pub(super) fn changed_at(row: &Row, at: usize) -> Fetched<ChangedRows> {
    let users: Vec<i64> = row.try_get(at)?;
    let conversations: Vec<i64> = row.try_get(at + 1)?;
    let (of, who): (Vec<i64>, Vec<i64>) = (row.try_get(at + 2)?, row.try_get(at + 3)?);
    Ok(ChangedRows {
        users: users.into_iter().map(UserKey).collect(),
        conversations: conversations.into_iter().map(ConversationKey).collect(),
        members: of.into_iter().map(ConversationKey).zip(who.into_iter().map(UserKey)).collect(),
    })
}
