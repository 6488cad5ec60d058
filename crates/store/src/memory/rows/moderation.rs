//! Tables of bans and silences, of slow mode, and of the audit log, and the operations on them.
//!
//! What must stay true: both indexes of bans and silences have the same ones as the table.

use std::ops::RangeInclusive;

use quintet_domain::{AuditFilter, ConversationId, RestrictionKind, Timestamp, UserId};
use quintet_rules::rows::{AuditRow, ModerationRows, RestrictionRow};
use quintet_rules::{ConversationKey, RowResult, UserKey};

use crate::memory::data::{Data, move_entry, next_key};
use crate::memory::tables::RestrictionKey;

const FIRST_CONVERSATION: ConversationKey = ConversationKey(i64::MIN);
const FIRST_USER: UserKey = UserKey(i64::MIN);
const LAST_USER: UserKey = UserKey(i64::MAX);

/// The keys of the bans, or of the silences, of a conversation.
fn of(conversation: ConversationKey, kind: RestrictionKind) -> RangeInclusive<RestrictionKey> {
    (conversation, kind, FIRST_USER)..=(conversation, kind, LAST_USER)
}

impl Data {
    fn move_restriction(&mut self, key: RestrictionKey, new: Option<&RestrictionRow>) {
        let tables = &mut self.moderation;
        let old = tables.restrictions.get(&key).cloned();
        let by = |row: &RestrictionRow| (row.by, key);
        let until = |row: &RestrictionRow| Some((row.until?, key));
        move_entry(
            &mut tables.restrictions_of,
            old.as_ref().map(|row| (row.user, key)),
            new.map(|row| (row.user, key)),
        );
        move_entry(&mut tables.restrictions_by, old.as_ref().map(by), new.map(by));
        move_entry(&mut tables.restrictions_until, old.as_ref().and_then(until), new.and_then(until));
        match new {
            Some(row) => tables.restrictions.insert(key, row.clone()),
            None => drop(tables.restrictions.remove(&key)),
        }
    }

    /// The bans and silences of a user.
    fn restrictions_of(&self, user: UserKey) -> Vec<RestrictionKey> {
        let from = (user, (FIRST_CONVERSATION, RestrictionKind::Ban, FIRST_USER));
        let own = self.moderation.restrictions_of.range(from..).take_while(|((of, _), ())| *of == user);
        own.map(|((_, key), ())| *key).collect()
    }

    /// Whether a ban or silence is a user's, or was decided by the user.
    pub(super) fn has_restrictions(&self, user: UserKey) -> bool {
        let from = (user, (FIRST_CONVERSATION, RestrictionKind::Ban, FIRST_USER));
        let decided = self.moderation.restrictions_by.range(from..).next().is_some_and(|((by, _), ())| *by == user);
        decided || !self.restrictions_of(user).is_empty()
    }
}

impl ModerationRows for Data {
    fn restriction(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<Option<RestrictionRow>> {
        Ok(self.moderation.restrictions.get(&(conversation, kind, user)).cloned())
    }

    fn put_restriction(&mut self, row: &RestrictionRow) -> RowResult<()> {
        self.conversation_named(row.conversation)?;
        self.user_named(row.user)?;
        self.user_named(row.by)?;
        self.move_restriction((row.conversation, row.kind, row.user), Some(row));
        Ok(())
    }

    fn delete_restriction(
        &mut self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<()> {
        self.move_restriction((conversation, kind, user), None);
        Ok(())
    }

    fn restriction_count(&self, conversation: ConversationKey, kind: RestrictionKind) -> RowResult<i64> {
        Ok(self.moderation.restrictions.range(of(conversation, kind)).count() as i64)
    }

    fn restrictions(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        now: Timestamp,
        after: UserKey,
        limit: usize,
    ) -> RowResult<Vec<RestrictionRow>> {
        let all = self.moderation.restrictions.range(of(conversation, kind)).map(|(_, row)| row);
        let behind = all.filter(|row| row.user > after && row.holds(now));
        Ok(behind.take(limit).cloned().collect())
    }

    fn is_in_restrictions(&self, user: UserKey) -> RowResult<bool> {
        Ok(self.has_restrictions(user))
    }

    fn delete_restrictions_of(&mut self, user: UserKey) -> RowResult<()> {
        for key in self.restrictions_of(user) {
            self.move_restriction(key, None);
        }
        Ok(())
    }

    fn delete_restrictions_in(&mut self, conversation: ConversationKey) -> RowResult<()> {
        let all = RestrictionKind::ALL
            .map(|kind| self.moderation.restrictions.range(of(conversation, kind)).map(|(key, _)| *key));
        let all: Vec<RestrictionKey> = all.into_iter().flatten().collect();
        for key in all {
            self.move_restriction(key, None);
        }
        Ok(())
    }

    fn prune_restrictions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let first = (before, (FIRST_CONVERSATION, RestrictionKind::Ban, FIRST_USER));
        let ended = self.moderation.restrictions_until.range(..first).take(limit);
        let ended: Vec<RestrictionKey> = ended.map(|((_, key), ())| *key).collect();
        for key in &ended {
            self.move_restriction(*key, None);
        }
        Ok(ended.len())
    }

    fn last_slow_send(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<Timestamp>> {
        Ok(self.moderation.slow_sends.get(&(user, conversation)).copied())
    }

    fn note_slow_send(&mut self, user: UserKey, conversation: ConversationKey, at: Timestamp) -> RowResult<()> {
        if self.messages.authors.contains(&(user, conversation)) {
            self.moderation.slow_sends.insert((user, conversation), at);
        }
        Ok(())
    }

    fn insert_audit(&mut self, row: &AuditRow) -> RowResult<()> {
        let key = next_key(self.moderation.audit.last_key().copied());
        self.moderation.audit.insert(key, AuditRow { key, ..row.clone() });
        Ok(())
    }

    fn audit(&self, filter: &AuditFilter, before: i64, limit: usize) -> RowResult<Vec<AuditRow>> {
        let user = |id: &UserId| self.users.by_id.get(id).copied();
        let conversation = |id: &ConversationId| self.conversations.by_id.get(id).copied();
        // Who is unknown has done nothing, and nothing was done to it.
        let fits = |wanted: Option<i64>, has: Option<i64>| wanted.is_some() && wanted == has;
        let fitting = self.moderation.audit.range(..before).rev().map(|(_, row)| row).filter(|row| {
            filter.act.is_none_or(|act| act == row.act)
                && filter.by.as_ref().is_none_or(|id| fits(user(id).map(|key| key.0), row.actor.map(|key| key.0)))
                && filter.user.as_ref().is_none_or(|id| fits(user(id).map(|key| key.0), row.user.map(|key| key.0)))
                && filter
                    .conversation
                    .as_ref()
                    .is_none_or(|id| fits(conversation(id).map(|key| key.0), row.conversation.map(|key| key.0)))
                && filter.since.is_none_or(|since| row.at >= since)
                && filter.before.is_none_or(|before| row.at < before)
        });
        Ok(fitting.take(limit).cloned().collect())
    }

    fn remove_reasons_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let mut removed = 0;
        let wrote: [fn(&AuditRow) -> Option<UserKey>; 2] = [|row| row.actor, |row| row.user];
        for person in wrote {
            let about =
                self.moderation.audit.iter().filter(|(_, row)| person(row) == Some(user) && row.reason.is_some());
            let about: Vec<AuditRow> = about.take(limit).map(|(_, row)| row.clone()).collect();
            removed += about.len();
            for row in about {
                self.moderation.audit.insert(row.key, AuditRow { reason: None, ..row });
            }
        }
        let decided = self.moderation.restrictions.iter().filter(|(_, row)| row.by == user && row.reason.is_some());
        let decided: Vec<(RestrictionKey, RestrictionRow)> =
            decided.take(limit).map(|(key, row)| (*key, row.clone())).collect();
        removed += decided.len();
        for (key, row) in decided {
            self.move_restriction(key, Some(&RestrictionRow { reason: None, ..row }));
        }
        Ok(removed)
    }

    fn prune_audit(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let mut old: Vec<(Timestamp, i64)> =
            self.moderation.audit.iter().filter(|(_, row)| row.at < before).map(|(key, row)| (row.at, *key)).collect();
        old.sort_unstable();
        old.truncate(limit);
        for (_, key) in &old {
            self.moderation.audit.remove(key);
        }
        Ok(old.len())
    }
}
