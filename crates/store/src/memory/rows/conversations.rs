//! Tables of conversations and members, and the operations on conversations.
//!
//! What must stay true: the rows of a pair hold the ids that the two users have now.

use std::sync::Arc;

use quintet_domain::{ConversationId, ConversationRef, Timestamp};
use quintet_rules::rows::{ConversationHead, ConversationRow, ConversationRows, OldestMessage};
use quintet_rules::{ConversationKey, FileKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_entry, move_unique, next_key};

/// The parts of a conversation that indexes contain.
#[derive(Default)]
struct Indexed {
    id: Option<ConversationId>,
    pair: Option<(UserKey, UserKey)>,
    owner: Option<(UserKey, ConversationKey)>,
    open: Option<(Timestamp, ConversationKey)>,
    empty: Option<(Timestamp, ConversationKey)>,
    picture: Option<(FileKey, ConversationKey)>,
}

impl Indexed {
    fn of(row: &ConversationRow) -> Self {
        Self {
            id: Some(row.reference.id.clone()),
            pair: row.pair,
            owner: row.owner.map(|owner| (owner, row.key)),
            open: (row.open && row.deleted_at.is_none()).then_some((row.head.updated_at, row.key)),
            empty: row.empty_since.filter(|_| row.deleted_at.is_none()).map(|since| (since, row.key)),
            picture: row.picture_file.map(|file| (file, row.key)),
        }
    }
}

impl Data {
    /// The conversation of a key that another row or an index refers to.
    pub(in crate::memory) fn conversation_named(&self, key: ConversationKey) -> RowResult<&ConversationRow> {
        Ok(self.conversations.rows.get(&key).ok_or(Constraint::Missing("conversation"))?)
    }

    /// The conversations that keep a file as their picture.
    pub(super) fn pictured(&self, file: FileKey) -> impl Iterator<Item = ConversationKey> {
        let all = (file, ConversationKey(i64::MIN))..=(file, ConversationKey(i64::MAX));
        self.conversations.by_picture.range(all).map(|((_, key), ())| *key)
    }

    /// Whether a user owns a conversation, deleted or not, or is one of the pair of a direct one.
    pub(super) fn is_in_conversations(&self, user: UserKey) -> bool {
        let all = (user, ConversationKey(i64::MIN))..=(user, ConversationKey(i64::MAX));
        let (owners, pairs) = (&self.conversations.owners, &self.conversations.pairs_of);
        owners.range(all.clone()).next().is_some() || pairs.range(all).next().is_some()
    }

    fn put_conversation(&mut self, row: ConversationRow) -> RowResult<()> {
        let row = self.with_pair(row)?;
        let (key, tables) = (row.key, &mut self.conversations);
        let old = tables.rows.get(&key).map(Indexed::of).unwrap_or_default();
        let new = Indexed::of(&row);
        check_unique(&tables.by_id, old.id.as_ref(), new.id.as_ref(), "conversation id")?;
        check_unique(&tables.by_pair, old.pair.as_ref(), new.pair.as_ref(), "pair")?;
        for one in [|pair: (UserKey, UserKey)| pair.0, |pair: (UserKey, UserKey)| pair.1] {
            let entry = |pair| (one(pair), key);
            move_entry(&mut tables.pairs_of, old.pair.map(entry), new.pair.map(entry));
        }
        move_unique(&mut tables.by_id, old.id, new.id, key);
        move_unique(&mut tables.by_pair, old.pair, new.pair, key);
        move_entry(&mut tables.owners, old.owner, new.owner);
        move_entry(&mut tables.open, old.open, new.open);
        move_entry(&mut tables.empty, old.empty, new.empty);
        move_entry(&mut tables.by_picture, old.picture, new.picture);
        tables.rows.insert(key, row);
        Ok(())
    }

    /// The row with the ids of its pair, in the order of their keys.
    fn with_pair(&self, mut row: ConversationRow) -> RowResult<ConversationRow> {
        let ids = match row.pair {
            Some((first, second)) => {
                Some(Box::new([self.user_named(first)?.user.id.clone(), self.user_named(second)?.user.id.clone()]))
            }
            None => None,
        };
        if row.reference.pair != ids {
            row.reference = Arc::new(ConversationRef { pair: ids, ..ConversationRef::clone(&row.reference) });
        }
        Ok(row)
    }
}

impl ConversationRows for Data {
    fn conversation(&self, id: &ConversationId) -> RowResult<Option<ConversationRow>> {
        let found = self.conversations.by_id.get(id).and_then(|key| self.conversations.rows.get(key));
        Ok(found.filter(|row| row.deleted_at.is_none()).cloned())
    }

    fn conversation_by_key(&self, key: ConversationKey) -> RowResult<Option<ConversationRow>> {
        Ok(self.conversations.rows.get(&key).cloned())
    }

    fn direct_conversation(&self, pair: (UserKey, UserKey)) -> RowResult<Option<ConversationRow>> {
        Ok(self.conversations.by_pair.get(&pair).and_then(|key| self.conversations.rows.get(key)).cloned())
    }

    fn insert_conversation(&mut self, row: &ConversationRow) -> RowResult<ConversationKey> {
        let key = ConversationKey(next_key(self.conversations.rows.last_key().map(|key| key.0)));
        if let Some(owner) = row.owner {
            self.user_named(owner)?;
        }
        self.put_conversation(ConversationRow { key, ..row.clone() })?;
        Ok(key)
    }

    fn update_conversation(&mut self, row: &ConversationRow) -> RowResult<()> {
        self.conversation_named(row.key)?;
        self.put_conversation(row.clone())
    }

    fn update_conversation_head(&mut self, key: ConversationKey, head: ConversationHead) -> RowResult<()> {
        let row = ConversationRow { head, ..self.conversation_named(key)?.clone() };
        let tables = &mut self.conversations;
        let old = tables.rows.get(&key).and_then(|row| Indexed::of(row).open);
        move_entry(&mut tables.open, old, Indexed::of(&row).open);
        tables.rows.insert(key, row);
        Ok(())
    }

    fn owned_conversations(&self, owner: UserKey) -> RowResult<i64> {
        let first = (owner, ConversationKey(i64::MIN));
        let owned = self.conversations.owners.range(first..=(owner, ConversationKey(i64::MAX)));
        let there = owned.filter(|((_, key), ())| {
            self.conversations.rows.get(key).is_some_and(|conversation| conversation.deleted_at.is_none())
        });
        Ok(there.count() as i64)
    }

    fn owns_any_conversation(&self, owner: UserKey) -> RowResult<bool> {
        let first = (owner, ConversationKey(i64::MIN));
        Ok(self.conversations.owners.range(first..=(owner, ConversationKey(i64::MAX))).next().is_some())
    }

    fn pictured_by(&self, uploader: UserKey) -> RowResult<Vec<ConversationKey>> {
        let mut found: Vec<_> = self.uploaded(uploader, None).flat_map(|file| self.pictured(file.key)).collect();
        found.sort_unstable();
        Ok(found)
    }

    fn empty_rooms(&self, before: Timestamp, limit: usize) -> RowResult<Vec<ConversationKey>> {
        let empty = self.conversations.empty.range(..(before, ConversationKey(i64::MIN)));
        Ok(empty.take(limit).map(|((_, key), ())| *key).collect())
    }

    fn oldest_of_conversations(
        &self,
        from: ConversationKey,
        decided: bool,
        limit: usize,
    ) -> RowResult<Vec<OldestMessage>> {
        let oldest = |(key, row): (&ConversationKey, &ConversationRow)| OldestMessage {
            conversation: *key,
            kind: row.reference.kind,
            retention: row.retention,
            sent_at: self.messages_between(*key, (0, u64::MAX)).next().map(|message| message.created_at),
        };
        let meant = |(_, row): &(&ConversationKey, &ConversationRow)| !decided || row.retention.days != 0;
        Ok(self.conversations.rows.range(from..).filter(meant).take(limit).map(oldest).collect())
    }
}
