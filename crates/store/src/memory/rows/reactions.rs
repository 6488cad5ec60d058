//! Tables of reactions and of pinned messages, and the operations on them.
//!
//! What must stay true: both tables of reactions have the same ones.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use quintet_domain::{Emoji, MessageId};
use quintet_rules::rows::{PinRow, ReactionCountRow, ReactionRow, ReactionRows, ShownPin, ShownReaction};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique};

/// The least emoji of all, with which the range of a message's rows begins.
fn least() -> Emoji {
    Emoji::trusted("")
}

/// The keys of the reactions to a message with an emoji.
fn with(message: MessageKey, emoji: &Emoji) -> RangeInclusive<(MessageKey, Emoji, u64)> {
    (message, emoji.clone(), 0)..=(message, emoji.clone(), u64::MAX)
}

impl Data {
    /// The reactions of a user from a message on, by message and emoji.
    fn reactions_from(&self, user: UserKey, message: MessageKey) -> impl Iterator<Item = (MessageKey, &Emoji)> {
        let from = self.reactions.by_user.range((user, message, least())..);
        from.take_while(move |((of, ..), _)| *of == user).map(|((_, message, emoji), _)| (*message, emoji))
    }

    /// The counts of a message, in the order in which the emojis came.
    fn counts_of(&self, message: MessageKey) -> Vec<ReactionCountRow> {
        let from = self.reactions.counts.range((message, least())..).take_while(|((of, _), _)| *of == message);
        let row = |((message, emoji), (count, since)): (&(MessageKey, Emoji), &(u32, u64))| {
            let (message, emoji, count, since) = (*message, emoji.clone(), *count, *since);
            ReactionCountRow { message, emoji, count, since }
        };
        let mut counts: Vec<ReactionCountRow> = from.map(row).collect();
        counts.sort_unstable_by_key(|row| row.since);
        counts
    }

    /// Whether a user has reacted to anything or pinned anything.
    pub(super) fn has_reactions(&self, user: UserKey) -> bool {
        self.reactions_from(user, MessageKey(i64::MIN)).next().is_some() || self.pinned_by(user).next().is_some()
    }

    fn pinned_by(&self, user: UserKey) -> impl Iterator<Item = MessageKey> {
        let all = (user, MessageKey(i64::MIN))..=(user, MessageKey(i64::MAX));
        self.reactions.pins_by_user.range(all).map(|((_, message), ())| *message)
    }
}

impl Data {
    /// The reactions to some messages, as [`DetailRows`](quintet_rules::rows::DetailRows) describes them.
    pub(super) fn reactions_to(
        &self,
        messages: &BTreeSet<MessageKey>,
        users_max: usize,
    ) -> RowResult<Vec<ShownReaction>> {
        let mut shown = Vec::new();
        for ReactionCountRow { message, emoji, count, .. } in self.reaction_counts(messages)? {
            let first = self.reactions.rows.range(with(message, &emoji)).take(users_max);
            let users = first.map(|(_, user)| Ok(self.user_named(*user)?.user.id.clone())).collect::<RowResult<_>>()?;
            shown.push(ShownReaction { message, emoji, count, users });
        }
        Ok(shown)
    }

    /// The pins of some messages, as [`DetailRows`](quintet_rules::rows::DetailRows) describes them.
    pub(super) fn pins_on(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>> {
        let pins = messages.iter().filter_map(|message| self.reactions.pins.get(message));
        let shown = |pin: &PinRow| {
            let by = self.user_named(pin.user)?.user.id.clone();
            Ok(ShownPin { message: pin.message, by, at: pin.at })
        };
        pins.map(shown).collect()
    }
}

impl ReactionRows for Data {
    fn reactions_by(&self, message: MessageKey, user: UserKey) -> RowResult<Vec<Emoji>> {
        let own = self.reactions_from(user, message).take_while(|(of, _)| *of == message);
        Ok(own.map(|(_, emoji)| emoji.clone()).collect())
    }

    fn reactions_among(&self, messages: &[MessageId], user: UserKey) -> RowResult<Vec<(MessageId, Emoji)>> {
        let mut found = Vec::new();
        for id in messages {
            let Some(key) = self.messages.by_id.get(id) else { continue };
            found.extend(self.reactions_by(*key, user)?.into_iter().map(|emoji| (id.clone(), emoji)));
        }
        Ok(found)
    }

    fn reaction_counts(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>> {
        Ok(messages.iter().flat_map(|message| self.counts_of(*message)).collect())
    }

    fn insert_reaction(&mut self, row: &ReactionRow) -> RowResult<()> {
        self.user_named(row.user)?;
        let tables = &mut self.reactions;
        let (key, own) = ((row.message, row.emoji.clone(), row.position), (row.user, row.message, row.emoji.clone()));
        check_unique(&tables.rows, None, Some(&key), "position")?;
        check_unique(&tables.by_user, None, Some(&own), "reaction")?;
        tables.rows.insert(key, row.user);
        tables.by_user.insert(own, row.position);
        Ok(())
    }

    fn delete_reaction(&mut self, message: MessageKey, emoji: &Emoji, user: UserKey) -> RowResult<()> {
        let (tables, own) = (&mut self.reactions, (user, message, emoji.clone()));
        if let Some(position) = tables.by_user.get(&own).copied() {
            tables.by_user.remove(&own);
            tables.rows.remove(&(message, emoji.clone(), position));
        }
        Ok(())
    }

    fn set_reaction_count(&mut self, row: &ReactionCountRow) -> RowResult<()> {
        let (counts, key) = (&mut self.reactions.counts, (row.message, row.emoji.clone()));
        if row.count == 0 {
            counts.remove(&key);
        } else {
            let since = counts.get(&key).map_or(row.since, |(_, since)| *since);
            counts.insert(key, (row.count, since));
        }
        Ok(())
    }

    fn delete_reactions(&mut self, message: MessageKey) -> RowResult<()> {
        let of = |key: &(MessageKey, Emoji, u64)| key.0 == message;
        let all = self.reactions.rows.range((message, least(), 0)..).take_while(|(key, _)| of(key));
        let all: Vec<_> = all.map(|(key, user)| (key.clone(), *user)).collect();
        for (key, user) in all {
            self.reactions.by_user.remove(&(user, key.0, key.1.clone()));
            self.reactions.rows.remove(&key);
        }
        for ReactionCountRow { message, emoji, .. } in self.counts_of(message) {
            self.reactions.counts.remove(&(message, emoji));
        }
        Ok(())
    }

    fn reactions_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<(MessageKey, Emoji)>> {
        let own = self.reactions_from(user, MessageKey(i64::MIN)).take(limit);
        Ok(own.map(|(message, emoji)| (message, emoji.clone())).collect())
    }

    fn pin(&self, message: MessageKey) -> RowResult<Option<PinRow>> {
        Ok(self.reactions.pins.get(&message).cloned())
    }

    fn pins_of_conversation(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        let all = (conversation, 0, MessageKey(i64::MIN))..=(conversation, u64::MAX, MessageKey(i64::MAX));
        let newest_first = self.reactions.pins_of.range(all).rev().take(limit);
        Ok(newest_first.map(|((.., message), ())| *message).collect())
    }

    fn insert_pin(&mut self, row: &PinRow) -> RowResult<()> {
        self.user_named(row.user)?;
        if !self.messages.rows.contains(&row.message) {
            return Err(Constraint::Missing("message").into());
        }
        let tables = &mut self.reactions;
        check_unique(&tables.pins, None, Some(&row.message), "pin")?;
        tables.pins.insert(row.message, row.clone());
        tables.pins_of.insert((row.conversation, row.position, row.message), ());
        tables.pins_by_user.insert((row.user, row.message), ());
        Ok(())
    }

    fn delete_pin(&mut self, message: MessageKey) -> RowResult<()> {
        let tables = &mut self.reactions;
        if let Some(row) = tables.pins.get(&message).cloned() {
            tables.pins.remove(&message);
            tables.pins_of.remove(&(row.conversation, row.position, message));
            tables.pins_by_user.remove(&(row.user, message));
        }
        Ok(())
    }

    fn pins_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<MessageKey>> {
        Ok(self.pinned_by(user).take(limit).collect())
    }
}
