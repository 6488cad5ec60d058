//! The reads that complete messages, over the tables in memory.
//!
//! What must stay true: they return what the same reads of the other stores return.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::User;
use quintet_rules::rows::{DetailRows, MessageRow, ShownPin, ShownReaction, ThreadRow};
use quintet_rules::{MessageKey, RowResult, UserKey};

use super::ReplayView;
use crate::memory::data::Data;

impl DetailRows for Data {
    fn messages_by_keys(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<MessageRow>> {
        Ok(keys.iter().filter_map(|key| self.messages.rows.get(key)).cloned().collect())
    }

    fn people_by_keys(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Arc<User>)>> {
        let known = keys.iter().filter_map(|key| Some((*key, self.users.rows.get(key)?)));
        Ok(known.map(|(key, row)| (key, Arc::clone(&row.user))).collect())
    }

    fn threads_by_roots(&self, roots: &BTreeSet<MessageKey>) -> RowResult<Vec<ThreadRow>> {
        Ok(roots.iter().filter_map(|root| self.messages.threads.get(root)).cloned().collect())
    }

    fn shown_reactions(&self, messages: &BTreeSet<MessageKey>, users_max: usize) -> RowResult<Vec<ShownReaction>> {
        self.reactions_to(messages, users_max)
    }

    fn shown_pins(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>> {
        self.pins_on(messages)
    }
}

impl DetailRows for ReplayView<'_> {
    fn messages_by_keys(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<MessageRow>> {
        self.0.messages_by_keys(keys)
    }

    fn people_by_keys(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Arc<User>)>> {
        self.0.people_by_keys(keys)
    }

    fn threads_by_roots(&self, roots: &BTreeSet<MessageKey>) -> RowResult<Vec<ThreadRow>> {
        self.0.threads_by_roots(roots)
    }

    fn shown_reactions(&self, messages: &BTreeSet<MessageKey>, users_max: usize) -> RowResult<Vec<ShownReaction>> {
        self.0.reactions_to(messages, users_max)
    }

    fn shown_pins(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>> {
        self.0.pins_on(messages)
    }
}
