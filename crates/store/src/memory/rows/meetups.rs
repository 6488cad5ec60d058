//! Tables of meetups and of requests to take part, and the operations on them.
//!
//! What must stay true: a conversation belongs to at most one meetup.

use quintet_domain::{MeetupId, MeetupStatus, Timestamp};
use quintet_rules::rows::{MeetupRow, MeetupRows};
use quintet_rules::{ConversationKey, MeetupKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_entry, move_unique, next_key};

/// The parts of a meetup that indexes contain.
#[derive(Default)]
struct Indexed {
    id: Option<MeetupId>,
    conversation: Option<ConversationKey>,
    host: Option<(UserKey, MeetupKey)>,
    there: Option<MeetupKey>,
    current: Option<MeetupKey>,
    expiring: Option<(Timestamp, MeetupKey)>,
}

impl Indexed {
    fn of(row: &MeetupRow) -> Self {
        let there = row.deleted_at.is_none();
        Self {
            id: Some(row.id.clone()),
            conversation: Some(row.conversation),
            host: Some((row.host, row.key)),
            there: there.then_some(row.key),
            current: is_current(row).then_some(row.key),
            expiring: (there && row.status == MeetupStatus::Open).then_some((row.expires_at, row.key)),
        }
    }
}

/// Whether a meetup has not ended: it is open or confirmed, and not deleted.
fn is_current(row: &MeetupRow) -> bool {
    row.deleted_at.is_none() && matches!(row.status, MeetupStatus::Open | MeetupStatus::Confirmed)
}

impl Data {
    fn put_meetup(&mut self, row: MeetupRow) -> RowResult<()> {
        let (key, tables) = (row.key, &mut self.meetups);
        let old = tables.rows.get(&key).map(Indexed::of).unwrap_or_default();
        let new = Indexed::of(&row);
        check_unique(&tables.by_id, old.id.as_ref(), new.id.as_ref(), "meetup id")?;
        let (before, after) = (old.conversation.as_ref(), new.conversation.as_ref());
        check_unique(&tables.by_conversation, before, after, "meetup's conversation")?;
        move_unique(&mut tables.by_id, old.id, new.id, key);
        move_unique(&mut tables.by_conversation, old.conversation, new.conversation, key);
        move_entry(&mut tables.by_host, old.host, new.host);
        move_entry(&mut tables.there, old.there, new.there);
        move_entry(&mut tables.current, old.current, new.current);
        move_entry(&mut tables.expiring, old.expiring, new.expiring);
        tables.rows.insert(key, row);
        Ok(())
    }

    /// All meetups of a host, deleted ones included, by their keys.
    fn hosted(&self, host: UserKey) -> impl Iterator<Item = &MeetupRow> {
        let all = (host, MeetupKey(i64::MIN))..=(host, MeetupKey(i64::MAX));
        self.meetups.by_host.range(all).filter_map(|((_, key), ())| self.meetups.rows.get(key))
    }

    /// The requests for a meetup, by time and then by the users' keys.
    pub(in crate::memory) fn requests_for(&self, meetup: MeetupKey) -> impl Iterator<Item = (UserKey, Timestamp)> {
        let all = (meetup, Timestamp(i64::MIN), UserKey(i64::MIN))..=(meetup, Timestamp(i64::MAX), UserKey(i64::MAX));
        self.meetups.requests_by_age.range(all).map(|((_, at, user), ())| (*user, *at))
    }

    fn requests_by(&self, user: UserKey) -> impl Iterator<Item = MeetupKey> {
        let all = (user, MeetupKey(i64::MIN))..=(user, MeetupKey(i64::MAX));
        self.meetups.requests_by_user.range(all).map(|((_, meetup), ())| *meetup)
    }

    /// Whether a user hosts a meetup, deleted or not, or asks to take part in one.
    pub(super) fn is_in_meetups(&self, user: UserKey) -> bool {
        self.hosted(user).next().is_some() || self.requests_by(user).next().is_some()
    }
}

impl MeetupRows for Data {
    fn meetup(&self, id: &MeetupId) -> RowResult<Option<MeetupRow>> {
        let found = self.meetups.by_id.get(id).and_then(|key| self.meetups.rows.get(key));
        Ok(found.filter(|row| row.deleted_at.is_none()).cloned())
    }

    fn insert_meetup(&mut self, row: &MeetupRow) -> RowResult<MeetupKey> {
        self.conversation_named(row.conversation)?;
        self.user_named(row.host)?;
        let key = MeetupKey(next_key(self.meetups.rows.last_key().map(|key| key.0)));
        self.put_meetup(MeetupRow { key, ..row.clone() })?;
        Ok(key)
    }

    fn update_meetup(&mut self, row: &MeetupRow) -> RowResult<()> {
        if !self.meetups.rows.contains(&row.key) {
            return Err(Constraint::Missing("meetup").into());
        }
        self.put_meetup(row.clone())
    }

    fn current_meetups(&self, host: UserKey) -> RowResult<i64> {
        Ok(self.hosted(host).filter(|row| is_current(row)).count() as i64)
    }

    fn meetups_of(&self, host: UserKey) -> RowResult<Vec<MeetupRow>> {
        Ok(self.hosted(host).cloned().collect())
    }

    fn expired_meetups(&self, now: Timestamp) -> RowResult<Vec<MeetupRow>> {
        let due = self.meetups.expiring.range(..=(now, MeetupKey(i64::MAX)));
        let mut due: Vec<MeetupRow> = due.filter_map(|((_, key), ())| self.meetups.rows.get(key)).cloned().collect();
        due.sort_by_key(|row| row.key);
        Ok(due)
    }

    fn insert_request(&mut self, meetup: MeetupKey, user: UserKey, at: Timestamp) -> RowResult<bool> {
        self.user_named(user)?;
        let tables = &mut self.meetups;
        if tables.requests.contains(&(meetup, user)) {
            return Ok(false);
        }
        tables.requests.insert((meetup, user), at);
        tables.requests_by_age.insert((meetup, at, user), ());
        tables.requests_by_user.insert((user, meetup), ());
        Ok(true)
    }

    fn delete_request(&mut self, meetup: MeetupKey, user: UserKey) -> RowResult<bool> {
        let tables = &mut self.meetups;
        let Some(at) = tables.requests.get(&(meetup, user)).copied() else { return Ok(false) };
        tables.requests_by_age.remove(&(meetup, at, user));
        tables.requests_by_user.remove(&(user, meetup));
        Ok(tables.requests.remove(&(meetup, user)))
    }

    fn delete_requests(&mut self, meetup: MeetupKey) -> RowResult<()> {
        let users: Vec<UserKey> = self.requests_for(meetup).map(|(user, _)| user).collect();
        for user in users {
            self.delete_request(meetup, user)?;
        }
        Ok(())
    }

    fn delete_requests_of(&mut self, user: UserKey) -> RowResult<()> {
        let meetups: Vec<MeetupKey> = self.requests_by(user).collect();
        for meetup in meetups {
            self.delete_request(meetup, user)?;
        }
        Ok(())
    }

    fn requests(&self, meetup: MeetupKey, limit: usize) -> RowResult<Vec<(UserKey, Timestamp)>> {
        Ok(self.requests_for(meetup).take(limit).collect())
    }

    fn request_of(&self, meetup: MeetupKey, user: UserKey) -> RowResult<Option<Timestamp>> {
        Ok(self.meetups.requests.get(&(meetup, user)).copied())
    }

    fn request_count(&self, meetup: MeetupKey) -> RowResult<i64> {
        Ok(self.requests_for(meetup).count() as i64)
    }
}
