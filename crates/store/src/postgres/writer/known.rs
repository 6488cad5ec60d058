//! Messages that were read for a group before its writes ask for them, so that a write asks the server for nothing.
//!
//! What must stay true: a message that is known is what the open transaction would read, and so is the absence of one.

use std::collections::HashMap;

use quintet_domain::{ClientMessageId, MessageId};
use quintet_rules::rows::MessageRow;
use quintet_rules::{ConversationKey, MessageKey, UserKey};

/// A message by what its sender's client called it.
pub(super) type Repeat = (ConversationKey, UserKey, ClientMessageId);

/// What is known of the messages that a group asks for.
#[derive(Debug, Default)]
pub(super) struct Known {
    ids: HashMap<MessageId, Option<MessageKey>>,
    repeats: HashMap<Repeat, Option<MessageKey>>,
    rows: HashMap<MessageKey, MessageRow>,
}

impl Known {
    /// The message with an id; `None` if it must be read.
    pub(super) fn message(&self, id: &MessageId) -> Option<Option<MessageRow>> {
        Some(self.ids.get(id)?.and_then(|key| self.rows.get(&key).cloned()))
    }

    /// The message that a client gave an id; `None` if it must be read.
    pub(super) fn repeat(&self, repeat: &Repeat) -> Option<Option<MessageRow>> {
        Some(self.repeats.get(repeat)?.and_then(|key| self.rows.get(&key).cloned()))
    }

    /// Notes that there is no message with an id, unless one is known.
    pub(super) fn note_absent(&mut self, id: MessageId) {
        self.ids.entry(id).or_default();
    }

    /// Notes what was found for the id that a client gave.
    pub(super) fn note_repeat(&mut self, repeat: Repeat, found: Option<MessageRow>) {
        match found {
            Some(row) => self.note(row),
            None => {
                self.repeats.entry(repeat).or_default();
            }
        }
    }

    /// Notes a message that was read or inserted.
    pub(super) fn note(&mut self, row: MessageRow) {
        self.ids.insert(row.id.clone(), Some(row.key));
        if let Some(id) = &row.client_message_id {
            self.repeats.insert((row.conversation, row.sender, id.clone()), Some(row.key));
        }
        self.rows.insert(row.key, row);
    }

    /// Forgets a message that was deleted: its ids lead to no row from now on.
    pub(super) fn delete(&mut self, key: MessageKey) {
        self.rows.remove(&key);
    }

    /// Replaces a message that was changed.
    pub(super) fn change(&mut self, row: &MessageRow) {
        let Some(before) = self.rows.insert(row.key, row.clone()) else {
            self.rows.remove(&row.key);
            return;
        };
        if before.client_message_id != row.client_message_id
            && let Some(id) = before.client_message_id
        {
            self.repeats.insert((before.conversation, before.sender, id), None);
        }
    }
}
