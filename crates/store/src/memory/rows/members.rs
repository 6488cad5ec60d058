//! The operations on members of conversations.
//!
//! What must stay true: a member is in the index of joins exactly while its row exists.

use std::cmp::Reverse;

use quintet_domain::{ConversationKind, Timestamp};
use quintet_rules::rows::{CursorRow, MemberFilter, MemberRow, MemberRows};
use quintet_rules::{ConversationKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, move_entry};

const FIRST_USER: UserKey = UserKey(i64::MIN);
const LAST_USER: UserKey = UserKey(i64::MAX);
const FIRST_CONVERSATION: ConversationKey = ConversationKey(i64::MIN);
const LAST_CONVERSATION: ConversationKey = ConversationKey(i64::MAX);

impl Data {
    /// The conversations of a user, by their keys.
    pub(in crate::memory) fn memberships_of(&self, user: UserKey) -> impl DoubleEndedIterator<Item = ConversationKey> {
        let own = self.conversations.by_member.range((user, FIRST_CONVERSATION)..=(user, LAST_CONVERSATION));
        own.map(|((_, conversation), ())| *conversation)
    }

    /// The members of a conversation in the order in which they joined, then by their keys.
    pub(in crate::memory) fn joined_members(&self, conversation: ConversationKey) -> impl Iterator<Item = UserKey> {
        let all = (conversation, 0, FIRST_USER)..=(conversation, u64::MAX, LAST_USER);
        self.conversations.joined.range(all).map(|((_, _, user), ())| *user)
    }

    /// Whether a user is a member of any conversation.
    pub(super) fn is_member_of_any(&self, user: UserKey) -> bool {
        self.memberships_of(user).next().is_some()
    }

    fn put_member(&mut self, conversation: ConversationKey, user: UserKey, new: Option<&MemberRow>) -> RowResult<()> {
        let guest = self.user_named(user)?.user.is_guest();
        let (key, tables) = ((conversation, user), &mut self.conversations);
        let old = tables.members.get(&key).copied();
        let joined = |row: &MemberRow| (conversation, row.joined_sequence, user);
        move_entry(&mut tables.joined, old.as_ref().map(joined), new.map(joined));
        move_entry(&mut tables.by_member, old.map(|_| (user, conversation)), new.map(|_| (user, conversation)));
        let by_user = (user, conversation);
        move_entry(
            &mut tables.guest_members,
            old.filter(|_| guest).map(|_| by_user),
            new.filter(|_| guest).map(|_| by_user),
        );
        match new {
            Some(row) => tables.members.insert(key, *row),
            None => drop(tables.members.remove(&key)),
        }
        Ok(())
    }
}

impl MemberRows for Data {
    fn member(&self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>> {
        Ok(self.conversations.members.get(&(conversation, user)).copied())
    }

    fn insert_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.conversation_named(conversation)?;
        if self.conversations.members.contains(&(conversation, user)) {
            return Err(Constraint::Unique("membership").into());
        }
        self.put_member(conversation, user, Some(row))
    }

    fn update_member(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        if !self.conversations.members.contains(&(conversation, user)) {
            return Err(Constraint::Missing("membership").into());
        }
        self.put_member(conversation, user, Some(row))
    }

    fn move_cursor(&mut self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        let before = self.conversations.members.get(&(conversation, user)).copied();
        let before = before.ok_or(Constraint::Missing("membership"))?;
        let moved = MemberRow { read_sequence: row.read_sequence, read_at: row.read_at, ..before };
        self.put_member(conversation, user, Some(&moved))
    }

    fn delivered(&self, conversation: ConversationKey, user: UserKey) -> RowResult<u64> {
        Ok(self.conversations.delivered.get(&(conversation, user)).copied().unwrap_or_default())
    }

    fn deliver(&mut self, cursors: &[(ConversationKey, UserKey, u64)]) -> RowResult<()> {
        for (conversation, user, to) in cursors {
            let key = (*conversation, *user);
            let before = self.conversations.delivered.get(&key).copied().unwrap_or_default();
            if before < *to && self.conversations.members.contains(&key) {
                self.conversations.delivered.insert(key, *to);
            }
        }
        Ok(())
    }

    fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<()> {
        self.conversations.delivered.remove(&(conversation, user));
        self.put_member(conversation, user, None)
    }

    fn members(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<UserKey>> {
        Ok(self.joined_members(conversation).take(limit).collect())
    }

    fn oldest_member(&self, conversation: ConversationKey, filter: MemberFilter) -> RowResult<Option<UserKey>> {
        for user in self.joined_members(conversation) {
            let row = self.user_named(user)?;
            let member = self.conversations.members.get(&(conversation, user));
            let of_role = member.is_some_and(|member| filter.role.is_none_or(|role| member.role == role));
            if !row.user.is_guest() && row.user.is_service() == filter.service && of_role {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    fn conversations_of(
        &self,
        user: UserKey,
        after: Option<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<ConversationKey>> {
        let own = self.memberships_of(user).filter(|key| after.is_none_or(|after| *key > after));
        Ok(own.take(limit).collect())
    }

    fn guest_memberships(
        &self,
        joined_before: Timestamp,
        after: Option<(UserKey, ConversationKey)>,
        limit: usize,
    ) -> RowResult<Vec<(UserKey, ConversationKey)>> {
        let from = after.map_or((FIRST_USER, FIRST_CONVERSATION), |(user, conversation)| {
            (user, ConversationKey(conversation.0.saturating_add(1)))
        });
        let keys = self.conversations.guest_members.range(from..).map(|(key, ())| *key);
        let old = keys.filter(|(user, conversation)| {
            let member = self.conversations.members.get(&(*conversation, *user));
            member.is_some_and(|member| member.joined_at < joined_before)
        });
        Ok(old.take(limit).collect())
    }

    fn share_closed_conversation(&self, user: UserKey, other: UserKey, limit: usize) -> RowResult<bool> {
        Ok(self.memberships_of(user).rev().take(limit).any(|key| {
            self.conversations.members.contains(&(key, other))
                && self.conversations.rows.get(&key).is_some_and(|conversation| {
                    !conversation.open && conversation.reference.kind != ConversationKind::Direct
                })
        }))
    }

    fn cursors(&self, conversation: ConversationKey, passed: u64, limit: usize) -> RowResult<Vec<CursorRow>> {
        let all = self.conversations.members.range((conversation, FIRST_USER)..=(conversation, LAST_USER));
        let delivered = |user| self.conversations.delivered.get(&(conversation, user)).copied();
        let mut moved: Vec<(UserKey, &MemberRow, Option<u64>)> = all
            .map(|((_, user), row)| (*user, row, delivered(*user)))
            .filter(|(_, row, delivered)| {
                row.read_sequence >= passed && row.read_at.is_some() || delivered.is_some_and(|to| to >= passed)
            })
            .collect();
        moved.sort_by_key(|(user, row, _)| (Reverse(row.read_sequence), *user));
        let cursor = |(user, row, delivered): (UserKey, &MemberRow, Option<u64>)| {
            Ok(CursorRow {
                user: self.user_named(user)?.user.id.clone(),
                joined_sequence: row.joined_sequence,
                read_sequence: row.read_sequence,
                read_at: row.read_at,
                delivered_sequence: delivered.unwrap_or_default(),
            })
        };
        moved.into_iter().take(limit).map(cursor).collect()
    }
}
