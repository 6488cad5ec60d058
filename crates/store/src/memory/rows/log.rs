//! Tables of the log, and the operations on them.
//!
//! What must stay true: changes are kept in commit order, and pruned from the oldest on.

use quintet_domain::Timestamp;
use quintet_rules::log::ChangeRecord;
use quintet_rules::rows::{LogRows, LoggedChange};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use crate::memory::data::{Data, check_unique};

const FIRST_CONVERSATION: ConversationKey = ConversationKey(i64::MIN);

impl Data {
    /// The conversations that a user left after a position.
    pub(super) fn departed_behind(&self, user: UserKey, position: u64) -> impl Iterator<Item = ConversationKey> {
        let from = (user, position.saturating_add(1), FIRST_CONVERSATION);
        let newer = self.log.departures.range(from..).take_while(move |((of, ..), ())| *of == user);
        newer.map(|((.., conversation), ())| *conversation)
    }

    /// The positions, after `position`, of changes that are addressed to a user.
    pub(super) fn addressed_behind(&self, user: UserKey, position: u64) -> impl Iterator<Item = u64> {
        let from = (user, position.saturating_add(1));
        let newer = self.log.addressees.range(from..).take_while(move |((of, _), ())| *of == user);
        newer.map(|((_, position), ())| *position)
    }

    /// The messages that were removed after a position and up to another one because they were not kept any longer.
    pub(in crate::memory) fn purged_between(&self, after: u64, up_to: u64) -> Vec<(u64, Vec<MessageKey>)> {
        let behind = self.log.changes.range(after.saturating_add(1)..).take_while(|(position, _)| **position <= up_to);
        let purges = behind.filter_map(|(position, logged)| match &logged.change {
            ChangeRecord::MessagesPurged { messages, .. } => Some((*position, messages.clone())),
            _ => None,
        });
        purges.collect()
    }

    /// The changes of a conversation after a position, in commit order.
    pub(super) fn changes_behind(
        &self,
        conversation: ConversationKey,
        position: u64,
    ) -> impl Iterator<Item = &LoggedChange> {
        let from = (conversation, position.saturating_add(1));
        let newer = self.log.by_conversation.range(from..).take_while(move |((of, _), ())| *of == conversation);
        newer.filter_map(|((_, position), ())| self.log.changes.get(position))
    }

    /// Whether the log refers to a user as departed or addressed.
    pub(super) fn has_traces(&self, user: UserKey) -> bool {
        let departed = self.log.departures.range((user, 0, FIRST_CONVERSATION)..).next();
        let addressed = self.log.addressees.range((user, 0)..).next();
        departed.is_some_and(|((of, ..), ())| *of == user) || addressed.is_some_and(|((of, _), ())| *of == user)
    }

    fn remove_departures(&mut self, departures: &[(UserKey, u64, ConversationKey)]) {
        for (user, position, conversation) in departures.iter().copied() {
            self.log.departures.remove(&(user, position, conversation));
            self.log.departures_by_position.remove(&(position, user, conversation));
        }
    }

    fn remove_addressees(&mut self, addressees: &[(UserKey, u64)]) {
        for (user, position) in addressees.iter().copied() {
            self.log.addressees.remove(&(user, position));
            self.log.addressees_by_position.remove(&(position, user));
        }
    }
}

impl LogRows for Data {
    fn newest_position(&self) -> RowResult<u64> {
        let change = self.log.changes.last_key().copied().unwrap_or_default();
        let message = self.messages.rows.last_key().and_then(|key| u64::try_from(key.0).ok()).unwrap_or_default();
        Ok(change.max(message))
    }

    fn append_change(&mut self, change: &LoggedChange) -> RowResult<()> {
        check_unique(&self.log.changes, None, Some(&change.position), "position")?;
        if let Some(conversation) = change.conversation {
            self.conversation_named(conversation)?;
            self.log.by_conversation.insert((conversation, change.position), ());
        }
        self.log.changes.insert(change.position, change.clone());
        Ok(())
    }

    fn insert_departure(&mut self, user: UserKey, position: u64, conversation: ConversationKey) -> RowResult<()> {
        check_unique(&self.log.departures, None, Some(&(user, position, conversation)), "departure")?;
        self.log.departures.insert((user, position, conversation), ());
        self.log.departures_by_position.insert((position, user, conversation), ());
        Ok(())
    }

    fn insert_addressee(&mut self, user: UserKey, position: u64) -> RowResult<()> {
        check_unique(&self.log.addressees, None, Some(&(user, position)), "addressee")?;
        self.log.addressees.insert((user, position), ());
        self.log.addressees_by_position.insert((position, user), ());
        Ok(())
    }

    fn prune_changes(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let newest = self.newest_position()?;
        // Positions increase with time, so that the old changes are the first ones. Even if the clock was set back,
        // none is pruned early.
        let oldest = self.log.changes.iter().take(limit).map(|(_, change)| change);
        let old = oldest.filter(|change| change.at < before && change.position < newest);
        let old: Vec<_> = old.map(|change| (change.position, change.conversation)).collect();
        for (position, conversation) in &old {
            if let Some(conversation) = conversation {
                self.log.by_conversation.remove(&(*conversation, *position));
            }
            self.log.changes.remove(position);
        }
        if let Some((position, _)) = old.last() {
            let pruned_to = self.pruned_to()?.max(*position);
            self.log.pruned_to.insert((), pruned_to);
        }
        Ok(old.len())
    }

    fn prune_past_messages(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let pruned_to = self.pruned_to()?;
        let from = MessageKey(i64::try_from(pruned_to).unwrap_or(i64::MAX).saturating_add(1));
        let next = self.messages.rows.range(from..).take(limit);
        let old: Vec<MessageKey> = next.filter(|(_, row)| row.created_at < before).map(|(key, _)| *key).collect();
        if let Some(last) = old.last().and_then(|key| u64::try_from(key.0).ok()) {
            self.log.pruned_to.insert((), pruned_to.max(last));
        }
        Ok(old.len())
    }

    fn pruned_to(&self) -> RowResult<u64> {
        Ok(self.log.pruned_to.get(&()).copied().unwrap_or_default())
    }

    fn prune_departures(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        let old = self.log.departures_by_position.iter().take_while(|((position, ..), ())| *position <= up_to);
        let old: Vec<_> =
            old.take(limit).map(|((position, user, conversation), ())| (*user, *position, *conversation)).collect();
        self.remove_departures(&old);
        Ok(old.len())
    }

    fn prune_addressees(&mut self, up_to: u64, limit: usize) -> RowResult<usize> {
        let old = self.log.addressees_by_position.iter().take_while(|((position, _), ())| *position <= up_to);
        let old: Vec<_> = old.take(limit).map(|((position, user), ())| (*user, *position)).collect();
        self.remove_addressees(&old);
        Ok(old.len())
    }

    fn delete_traces(&mut self, user: UserKey) -> RowResult<()> {
        let departures = self.log.departures.range((user, 0, FIRST_CONVERSATION)..);
        let departures: Vec<_> = departures.map(|(key, ())| *key).take_while(|(of, ..)| *of == user).collect();
        let addressees = self.log.addressees.range((user, 0)..);
        let addressees: Vec<_> = addressees.map(|(key, ())| *key).take_while(|(of, _)| *of == user).collect();
        self.remove_departures(&departures);
        self.remove_addressees(&addressees);
        self.delete_contacts(user);
        Ok(())
    }

    fn probe(&mut self) -> RowResult<()> {
        Ok(())
    }
}
