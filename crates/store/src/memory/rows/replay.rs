//! The reads of a replay over the tables in memory.
//!
//! What must stay true: they return what the same reads of the SQLite store return.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{MessageId, Notification, UserId};
use quintet_rules::log::{MissedChange, MissedKind, ReadSpan, ReplayRows};
use quintet_rules::rows::{
    ConversationRow, ConversationTexts, CursorRow, LogRows, LoggedChange, MemberRow, MemberRows, MemberSettings,
    MessageRow, MessageRows, ReactionCountRow, ReactionRows, UserRow, UserRows,
};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use crate::memory::data::Data;

/// The tables, as a replay reads them.
pub(in crate::memory) struct ReplayView<'d>(pub(in crate::memory) &'d Data);

fn missed(change: &LoggedChange) -> Option<MissedChange> {
    Some(MissedChange {
        position: change.position,
        conversation: change.conversation?,
        sequence: change.sequence,
        origin: change.origin,
        acked: change.acked,
        change: MissedKind::Recorded(change.change.clone()),
    })
}

/// The creation of a message; `None` for one that is older than the log.
fn created(message: &MessageRow) -> Option<MissedChange> {
    Some(MissedChange {
        position: u64::try_from(message.key.0).ok().filter(|position| *position > 0)?,
        conversation: message.conversation,
        sequence: Some(message.sequence),
        origin: message.origin,
        acked: message.acked,
        change: MissedKind::Created,
    })
}

impl ReplayRows for ReplayView<'_> {
    fn newest_position(&self) -> RowResult<u64> {
        LogRows::newest_position(self.0)
    }

    fn pruned_to(&self) -> RowResult<u64> {
        LogRows::pruned_to(self.0)
    }

    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>> {
        UserRows::user(self.0, id)
    }

    fn changes_of_conversations(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>> {
        let own: BTreeSet<ConversationKey> =
            self.0.memberships_of(user).chain(self.0.departed_behind(user, after)).collect();
        let changes = own.into_iter().flat_map(|conversation| {
            let recorded = self.0.changes_behind(conversation, after).filter_map(missed);
            // Sequence numbers grow with positions.
            let newest = self.0.messages_between(conversation, (0, u64::MAX)).rev();
            let newer = newest.map_while(created).take_while(move |missed| missed.position > after);
            recorded.chain(newer)
        });
        Ok(changes.take(limit).collect())
    }

    fn changes_addressed(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>> {
        let addressed = self.0.addressed_behind(user, after);
        let changes = addressed.filter_map(|position| self.0.log.changes.get(&position)).filter_map(missed);
        Ok(changes.take(limit).collect())
    }

    fn notifications_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
        visit: &mut dyn FnMut(u64, Arc<Notification>) -> bool,
    ) -> RowResult<()> {
        for stored in self.0.notifications_behind(user, after).take(limit) {
            if !visit(stored.position, Arc::clone(&stored.notification)) {
                break;
            }
        }
        Ok(())
    }

    fn settings_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
    ) -> RowResult<Vec<(u64, ConversationKey, MemberSettings)>> {
        let own = self.0.memberships_of(user).filter_map(|key| {
            let settings = self.0.conversations.members.get(&(key, user))?.settings;
            Some((settings.changed_at.filter(|position| *position > after)?, key, settings))
        });
        Ok(own.take(limit).collect())
    }

    fn first_members(
        &self,
        keys: &BTreeSet<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<(ConversationKey, UserKey, MemberRow)>> {
        let of = |key: &ConversationKey| {
            let key = *key;
            let members = self.0.joined_members(key).take(limit);
            members.filter_map(move |user| Some((key, user, *self.0.conversations.members.get(&(key, user))?)))
        };
        Ok(keys.iter().flat_map(of).collect())
    }

    fn conversations(&self, keys: &BTreeSet<ConversationKey>) -> RowResult<Vec<ConversationRow>> {
        let found = keys.iter().filter_map(|key| self.0.conversations.rows.get(key));
        Ok(found
            .map(|row| ConversationRow { description: None, picture: None, metadata: None, ..row.clone() })
            .collect())
    }

    fn conversation_texts(
        &self,
        keys: &BTreeSet<ConversationKey>,
        visit: &mut dyn FnMut(ConversationKey, ConversationTexts) -> bool,
    ) -> RowResult<()> {
        for row in keys.iter().filter_map(|key| self.0.conversations.rows.get(key)) {
            let (description, picture) = (row.description.clone(), row.picture.clone());
            let texts = ConversationTexts { description, picture, metadata: row.metadata.clone() };
            if texts != ConversationTexts::default() && !visit(row.key, texts) {
                break;
            }
        }
        Ok(())
    }

    fn users(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<UserRow>> {
        let found = keys.iter().filter_map(|key| self.0.users.rows.get(key));
        Ok(found.map(|row| UserRow { metadata: None, ..row.clone() }).collect())
    }

    fn messages(&self, keys: &BTreeSet<MessageKey>, visit: &mut dyn FnMut(MessageRow) -> bool) -> RowResult<()> {
        for row in keys.iter().filter_map(|key| self.0.messages.rows.get(key)) {
            if !visit(row.clone()) {
                break;
            }
        }
        Ok(())
    }

    fn reaction_counts(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>> {
        ReactionRows::reaction_counts(self.0, keys)
    }

    fn cursors(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<CursorRow>> {
        MemberRows::cursors(self.0, conversation, 0, limit)
    }

    fn passed(
        &self,
        readings: &[(ConversationKey, ReadSpan, UserKey)],
        limit: usize,
    ) -> RowResult<Vec<Vec<(MessageId, UserKey)>>> {
        let passed = readings.iter().map(|(conversation, span, reader)| {
            self.0.messages_passed(*conversation, (span.from, span.to), *reader, limit)
        });
        passed.collect()
    }
}
