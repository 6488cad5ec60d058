//! Tables of messages, and the operations on them.
//!
//! What must stay true: a conversation uses each sequence number once.

use std::collections::BTreeSet;

use quintet_domain::{ClientMessageId, MessageId};
use quintet_rules::rows::{MessageRow, MessageRows, ReactionRows, ScanLimits, SenderScan, ThreadRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_unique};

fn client_id(row: &MessageRow) -> Option<(ConversationKey, UserKey, ClientMessageId)> {
    Some((row.conversation, row.sender, row.client_message_id.clone()?))
}

impl Data {
    /// Messages of a conversation with sequence numbers in a range, `from` excluded and `to` included, in ascending
    /// order.
    pub(in crate::memory) fn messages_between(
        &self,
        conversation: ConversationKey,
        (from, to): (u64, u64),
    ) -> impl DoubleEndedIterator<Item = &MessageRow> {
        // A map panics for an empty range, so it is handled here.
        let first = from.saturating_add(1);
        let last = to.max(first);
        let found = self.messages.by_sequence.range((conversation, first)..=(conversation, last));
        found.filter(move |((_, sequence), _)| *sequence <= to).filter_map(|(_, key)| self.messages.rows.get(key))
    }

    /// The replies of a thread, the newest first.
    fn replies(&self, root: MessageKey) -> impl Iterator<Item = MessageKey> + '_ {
        let found = self.messages.thread_replies.range((root, MessageKey(i64::MIN))..=(root, MessageKey(i64::MAX)));
        found.rev().map(|((_, reply), ())| *reply)
    }

    /// Whether a user has sent a message to any conversation.
    pub(super) fn is_any_author(&self, user: UserKey) -> bool {
        self.first_authored(user, ConversationKey(i64::MIN)).is_some()
    }

    fn first_authored(&self, user: UserKey, from: ConversationKey) -> Option<ConversationKey> {
        let all = (user, from)..=(user, ConversationKey(i64::MAX));
        self.messages.authors.range(all).next().map(|((_, conversation), ())| *conversation)
    }
}

impl MessageRows for Data {
    fn message(&self, id: &MessageId) -> RowResult<Option<MessageRow>> {
        Ok(self.messages.by_id.get(id).and_then(|key| self.messages.rows.get(key)).cloned())
    }

    fn message_by_key(&self, key: MessageKey) -> RowResult<Option<MessageRow>> {
        Ok(self.messages.rows.get(&key).cloned())
    }

    fn message_by_client_id(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        id: &ClientMessageId,
    ) -> RowResult<Option<MessageRow>> {
        let key = self.messages.by_client_id.get(&(conversation, sender, id.clone()));
        Ok(key.and_then(|key| self.messages.rows.get(key)).cloned())
    }

    fn insert_message(&mut self, row: &MessageRow) -> RowResult<()> {
        self.conversation_named(row.conversation)?;
        let (key, tables) = (row.key, &mut self.messages);
        let (sequence, client_id) = ((row.conversation, row.sequence), client_id(row));
        check_unique(&tables.rows, None, Some(&key), "position")?;
        check_unique(&tables.by_id, None, Some(&row.id), "message id")?;
        check_unique(&tables.by_sequence, None, Some(&sequence), "sequence number")?;
        check_unique(&tables.by_client_id, None, client_id.as_ref(), "client message id")?;
        tables.by_id.insert(row.id.clone(), key);
        tables.by_sequence.insert(sequence, key);
        move_unique(&mut tables.by_client_id, None, client_id, key);
        tables.rows.insert(key, row.clone());
        Ok(())
    }

    fn update_message(&mut self, row: &MessageRow) -> RowResult<()> {
        let tables = &mut self.messages;
        let before = tables.rows.get(&row.key).cloned().ok_or(Constraint::Missing("message"))?;
        let changed = MessageRow {
            content: row.content.clone(),
            file: row.file.clone(),
            client_message_id: row.client_message_id.clone(),
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            marks: row.marks,
            extra: row.extra.clone(),
            ..before.clone()
        };
        let (old, new) = (client_id(&before), client_id(&changed));
        check_unique(&tables.by_client_id, old.as_ref(), new.as_ref(), "client message id")?;
        move_unique(&mut tables.by_client_id, old, new, row.key);
        tables.rows.insert(row.key, changed);
        Ok(())
    }

    fn set_marks(&mut self, row: &MessageRow) -> RowResult<()> {
        let before = self.messages.rows.get(&row.key).cloned().ok_or(Constraint::Missing("message"))?;
        self.messages.rows.insert(row.key, MessageRow { marks: row.marks, ..before });
        Ok(())
    }

    fn put_thread(&mut self, row: &ThreadRow) -> RowResult<()> {
        self.messages.threads.insert(row.root, row.clone());
        Ok(())
    }

    fn insert_thread_reply(&mut self, root: MessageKey, reply: MessageKey) -> RowResult<()> {
        check_unique(&self.messages.thread_replies, None, Some(&(root, reply)), "thread reply")?;
        self.messages.thread_replies.insert((root, reply), ());
        Ok(())
    }

    fn newest_replies(&self, root: MessageKey, before: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        let rows = self.replies(root).filter_map(|key| self.messages.rows.get(&key));
        Ok(rows.filter(|row| row.sequence < before).take(limit).cloned().collect())
    }

    fn insert_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.user_named(user)?;
        self.conversation_named(conversation)?;
        check_unique(&self.messages.authors, None, Some(&(user, conversation)), "author")?;
        self.messages.authors.insert((user, conversation), ());
        Ok(())
    }

    fn is_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<bool> {
        Ok(self.messages.authors.contains(&(user, conversation)))
    }

    fn authored_conversation(&self, user: UserKey, from: ConversationKey) -> RowResult<Option<ConversationKey>> {
        Ok(self.first_authored(user, from))
    }

    fn note_author_left(&mut self, user: UserKey, conversation: ConversationKey, sequence: u64) -> RowResult<()> {
        if self.messages.authors.contains(&(user, conversation)) {
            self.messages.authors_left.insert((user, conversation), sequence);
        }
        Ok(())
    }

    fn author_left_at(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<u64>> {
        Ok(self.messages.authors_left.get(&(user, conversation)).copied())
    }

    fn delete_author(&mut self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.messages.authors.remove(&(user, conversation));
        self.messages.authors_left.remove(&(user, conversation));
        self.moderation.slow_sends.remove(&(user, conversation));
        Ok(())
    }

    fn messages_of_sender(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        after: u64,
        limits: ScanLimits,
    ) -> RowResult<SenderScan> {
        let mut found = Vec::new();
        for (index, row) in self.messages_between(conversation, (after, u64::MAX)).enumerate() {
            if row.sender == sender {
                found.push(row.key);
            }
            if found.len() == limits.found_max || index + 1 == limits.examined_max {
                return Ok(SenderScan { found, continue_after: Some(row.sequence) });
            }
        }
        Ok(SenderScan { found, continue_after: None })
    }

    fn messages_passed(
        &self,
        conversation: ConversationKey,
        range: (u64, u64),
        reader: UserKey,
        limit: usize,
    ) -> RowResult<Vec<(MessageId, UserKey)>> {
        let others = self.messages_between(conversation, range).rev().filter(|row| row.sender != reader);
        let mut passed: Vec<_> = others.take(limit).map(|row| (row.id.clone(), row.sender)).collect();
        passed.reverse();
        Ok(passed)
    }

    fn newest_messages(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageRow>> {
        let mut newest: Vec<_> =
            self.messages_between(conversation, (0, u64::MAX)).rev().take(limit).cloned().collect();
        newest.reverse();
        Ok(newest)
    }

    fn oldest_messages(&self, conversation: ConversationKey, after: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        Ok(self.messages_between(conversation, (after, u64::MAX)).take(limit).cloned().collect())
    }

    fn delete_messages(&mut self, keys: &BTreeSet<MessageKey>) -> RowResult<()> {
        for key in keys {
            let Some(row) = self.messages.rows.get(key).cloned() else { continue };
            self.drop_carried(*key);
            self.delete_reactions(*key)?;
            self.delete_pin(*key)?;
            let tables = &mut self.messages;
            if let Some(root) = row.extra.as_ref().and_then(|extra| extra.thread) {
                tables.thread_replies.remove(&(root, *key));
            }
            tables.threads.remove(key);
            if let Some(id) = client_id(&row) {
                tables.by_client_id.remove(&id);
            }
            tables.by_id.remove(&row.id);
            tables.by_sequence.remove(&(row.conversation, row.sequence));
            tables.rows.remove(key);
        }
        Ok(())
    }
}
